package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// settings are what the daemon and the commands work by. Each comes from its
// flag, else from GANTRY_NAME in the environment, else from the file, else from
// its default.
type settings struct {
	Data     string
	Listen   string
	Hub      string
	LogLevel string

	HubNamed bool // somebody has said which hub
}

var settingNames = []string{"data", "listen", "hub", "log-level"}

func declareSettings(flags *pflag.FlagSet) {
	flags.String("data", defaultData(), "folder that everything is kept in")
	flags.String("listen", "127.0.0.1:8420", "loopback address that the hub listens on")
	flags.String("hub", "", "URL of the hub that commands talk to (default http:// and the listen address)")
	flags.String("log-level", "info", "debug, info, warn or error")
}

func (s *settings) load(cmd *cobra.Command, file string) error {
	v := viper.New()
	v.SetEnvPrefix("gantry")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	flags := cmd.Root().PersistentFlags()
	for _, name := range settingNames {
		if err := v.BindPFlag(name, flags.Lookup(name)); err != nil {
			return err
		}
	}
	if err := readSettings(v, file); err != nil {
		return err
	}
	*s = settings{Data: v.GetString("data"), Listen: v.GetString("listen"), Hub: v.GetString("hub"), LogLevel: v.GetString("log-level")}
	if s.HubNamed = s.Hub != ""; !s.HubNamed {
		s.Hub = "http://" + s.Listen
	}
	return s.check()
}

// readSettings reads the named file, or the user's own one if there is one.
func readSettings(v *viper.Viper, file string) error {
	named := file != ""
	if !named {
		dir, err := os.UserConfigDir()
		if err != nil {
			return nil // no home, no file
		}
		file = filepath.Join(dir, "gantry", "gantry.yaml")
	}
	v.SetConfigFile(file)
	v.SetConfigType("yaml")
	err := v.ReadInConfig()
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the settings in %s: %w", file, err)
	}
	for _, key := range v.AllKeys() {
		if !slices.Contains(settingNames, key) {
			return fmt.Errorf("%s: there is no setting %q: known are %s", file, key, strings.Join(settingNames, ", "))
		}
	}
	return nil
}

func (s *settings) check() error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		return fmt.Errorf("log-level is %q: write debug, info, warn or error", s.LogLevel)
	}
	if u, err := url.Parse(s.Hub); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("hub is no URL: write http://host:port")
	}
	data, err := filepath.Abs(s.Data)
	s.Data = data
	return err
}

func defaultData() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "gantry")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "gantry-data"
	}
	return filepath.Join(home, ".local", "share", "gantry")
}
