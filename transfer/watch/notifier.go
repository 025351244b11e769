package watch

import (
	"fmt"

	"github.com/fsnotify/fsnotify"
)

// notifier is what the package needs of fsnotify. Tests put faults in between.
type notifier interface {
	Add(dir string) error
	Remove(dir string) error
	Close() error
	Events() <-chan fsnotify.Event
	Errors() <-chan error
}

type kernelNotifier struct{ *fsnotify.Watcher }

func newKernelNotifier() (notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("no more event queues to be had: raise fs.inotify.max_user_instances: %w", err)
	}
	return kernelNotifier{w}, nil
}

func (k kernelNotifier) Events() <-chan fsnotify.Event { return k.Watcher.Events }
func (k kernelNotifier) Errors() <-chan error          { return k.Watcher.Errors }
