package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"gantry/transfer/agent/wire"
	"gantry/transfer/durable"
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
	if err := durable.Write(string(c), durable.Bytes(data)); err != nil {
		return fmt.Errorf("keep the configuration: %w", err)
	}
	return nil
}
