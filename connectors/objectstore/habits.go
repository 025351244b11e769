package objectstore

import (
	"errors"
	"strconv"
	"strings"

	"gantry/connectors"
)

// Habits are how a place goes about its work, where stores differ.
type Habits struct {
	Listers int  // requests of one listing that are under way at once; below 1: 1
	Equal   bool // all parts but the last have the same size
	State   bool // objects carry our digests of them where the store has none of its own

	// MaxCopy is the largest object that is copied in one request, and CopyPart the
	// size of the parts of others, in bytes; 0: 5 GiB and 512 MiB.
	MaxCopy, CopyPart int64
}

// HabitOptions declare what ReadHabits reads.
func HabitOptions() []connectors.Option {
	return []connectors.Option{
		{Name: "listers", Help: "most requests of one listing under way at once; 1 lists page by page", Default: "4", Example: "16"},
		{Name: "equalParts", Help: "whether the store wants all parts but the last to have the same size: auto (as Cloudflare R2 does), true or false", Default: "auto"},
		{Name: "stateDigests", Help: "true: where the store keeps no digest of the whole, ours is kept in the object's metadata, or as a tag of an object that was sent in parts", Default: "true"},
	}
}

// maxListers bounds what a listing may hold in memory.
const maxListers = 64

// ReadHabits reads the options of Habits. host is the endpoint's.
func ReadHabits(option func(name string) string, host string) (h Habits, err error) {
	if h.Listers, err = strconv.Atoi(option("listers")); err != nil || h.Listers < 1 || h.Listers > maxListers {
		return h, invalidOption("listers", errors.New("it is no number from 1 to 64"), "leave it out")
	}
	if h.State, err = ReadBool(option, "stateDigests"); err != nil {
		return h, err
	}
	if option("equalParts") == "auto" {
		h.Equal = strings.HasSuffix(bareHost(host), ".r2.cloudflarestorage.com")
		return h, nil
	}
	h.Equal, err = ReadBool(option, "equalParts")
	return h, err
}

func bareHost(host string) string {
	name, _, _ := strings.Cut(strings.ToLower(host), ":")
	return name
}
