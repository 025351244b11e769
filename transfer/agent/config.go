package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gantry/transfer/agent/wire"
)

// configFile keeps the last good configuration, so that an agent that starts without its hub works by it. It is no
// part of the journal: it outlives one that is damaged.
type configFile string

// load returns ok = false if there is none yet.
func (c configFile) load() (config wire.Config, ok bool, err error) {
	data, err := os.ReadFile(string(c))
	if errors.Is(err, fs.ErrNotExist) {
		return config, false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &config)
	}
	if err != nil {
		return wire.Config{}, false, fmt.Errorf("read the kept configuration: %w: it will be replaced by the hub's", err)
	}
	return config, true, nil
}

// save replaces the file in one step.
func (c configFile) save(config wire.Config) error {
	data, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(string(c)), ".config-*")
	if err != nil {
		return fmt.Errorf("keep the configuration: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already where all went well
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), string(c))
	}
	if err != nil {
		return fmt.Errorf("keep the configuration: %w", err)
	}
	return nil
}
