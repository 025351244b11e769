package watch

import (
	"errors"
	"io/fs"
	"syscall"
	"time"
)

// check looks at the root, opens it if it is new or back, and reads it in full if that is due.
func (l *loop) check(now time.Time) {
	l.checkAt = now.Add(l.o.Poll)
	known := 0
	l.with(func(t *tracker) { known = t.known() })
	sight := lookAtRoot(l.o.Root, l.root)
	gone, changed := judgeRoot(l.root, known, sight)
	switch {
	case gone != "":
		l.leave(gone, now)
		return
	case changed || l.away != nil:
		l.root = sight.id
		l.comeBack()
		l.open()
	case l.rescanDue(now) && l.degraded:
		l.open()
	case l.rescanDue(now):
		l.rescanAt = now.Add(l.o.Rescan)
		l.scanAll()
	case l.notify == nil:
		l.scanAll()
	}
	if l.notify == nil && l.away == nil {
		// A tree that takes long to read is not read all the time.
		l.checkAt = l.o.Now().Add(max(l.o.Poll, 3*l.o.Now().Sub(now)))
	}
}

// here says whether the root is still the one that was opened. If not, what was missing in it is no news: check decides what it means.
func (l *loop) here() bool {
	if lookAtRoot(l.o.Root, l.root).id == l.root {
		return true
	}
	l.check(l.o.Now())
	return false
}

func (l *loop) rescanDue(now time.Time) bool {
	return l.o.Rescan > 0 && !l.rescanAt.After(now)
}

// leave notes that the root is not there. What is known of its files is kept.
func (l *loop) leave(reason string, now time.Time) {
	l.closeNotifier()
	l.setMode("away: " + reason)
	if l.away != nil && l.away.Reason == reason {
		return
	}
	l.away = &Alarm{Root: l.o.Root, Reason: reason, Since: now}
	l.o.Logger.Error("the watched folder is not there; nothing is taken as deleted", "root", l.o.Root, "reason", reason)
	l.o.OnAlarm(*l.away)
}

func (l *loop) comeBack() {
	if l.away == nil {
		return
	}
	a := *l.away
	a.Cleared, l.away = true, nil
	l.o.Logger.Info("the watched folder is there again", "root", l.o.Root)
	l.o.OnAlarm(a)
}

// open asks for events anew and reads the whole tree, in this order: what comes in between is seen twice rather than never.
func (l *loop) open() {
	l.closeNotifier()
	l.degraded = false
	l.rescanAt = l.o.Now().Add(l.o.Rescan)
	if kind := l.withoutEvents(l.o.Root); kind != "" {
		l.setMode("polling (degraded): " + kind + " raises no events")
	} else if n, err := l.newNotifier(); err != nil {
		l.degrade(err.Error())
	} else {
		l.notify, l.pump = n, startPump(n)
		l.setMode("events")
	}
	l.scanAll()
}

// degrade goes over to polling because of a limit. Rescans try events again.
func (l *loop) degrade(reason string) {
	l.closeNotifier()
	l.degraded = true
	l.setMode("polling (degraded): " + reason)
	l.o.Logger.Warn("no events for the watched folder, polling instead", "root", l.o.Root, "reason", reason)
}

func (l *loop) closeNotifier() {
	if l.notify == nil {
		return
	}
	if err := l.notify.Close(); err != nil {
		l.o.Logger.Warn("event queue did not close", "root", l.o.Root, "error", err)
	}
	<-l.pump.done
	l.notify, l.pump, l.flushAt = nil, nil, time.Time{}
	clear(l.watched)
}

// addWatch asks for the events of one folder.
func (l *loop) addWatch(dir string) {
	if l.notify == nil {
		return
	}
	err := l.notify.Add(l.full(dir))
	switch {
	case err == nil:
		l.watched[dir] = struct{}{}
	case isGone(err) || errors.Is(err, fs.ErrPermission):
		// Reading the folder will say so.
	case errors.Is(err, syscall.ENOSPC):
		l.degrade("the limit on watches is reached: raise fs.inotify.max_user_watches")
	default:
		l.degrade(err.Error())
	}
}

func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
