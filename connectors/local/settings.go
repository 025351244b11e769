package local

import (
	"io/fs"
	"strconv"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// settings are the options of a location, read.
type settings struct {
	create   bool
	marker   string // a path that is there on the right volume; "" = any volume will do
	sparse   sparse
	xattrs   bool
	durable  bool
	fileMode fs.FileMode // 0 = the umask's
	dirMode  fs.FileMode // 0 = the umask's
}

// sparse says what becomes of runs of zeros that are written.
type sparse string

const (
	sparseAuto sparse = "auto"  // room is taken for the whole, and long runs give it back
	sparseYes  sparse = "true"  // no room is taken, and every block of zeros is a hole
	sparseNo   sparse = "false" // zeros take room like all bytes
)

func options() []connectors.Option {
	return []connectors.Option{
		{
			Name:    "create",
			Help:    "make the root folder when the first file is written; set it to false for a volume that may not be mounted",
			Default: "true", Example: "false",
		},
		{
			Name:    "marker",
			Help:    "a file or folder below the root that has to be there: without it the volume counts as not mounted, and nothing is read, written or taken as deleted; the root is then never made",
			Example: ".this-is-the-archive",
		},
		{
			Name:    "sparse",
			Help:    "what becomes of zeros that are written: auto takes room for the whole file and gives back that of long runs of zeros; true takes none in advance and makes a hole of every block of zeros; false makes no holes",
			Default: "auto", Example: "true",
		},
		{
			Name:    "xattrs",
			Help:    "carry the extended attributes user.*: read and set as tags, written from the metadata key xattrs, kept by copies inside the place",
			Default: "false", Example: "true",
		},
		{Name: "fileMode", Help: "permissions of files, octal, whatever the umask; empty leaves them to the umask", Example: "0640"},
		{Name: "dirMode", Help: "permissions of folders that are made, octal, whatever the umask; empty leaves them to the umask", Example: "2750"},
		{
			Name:    "durable",
			Help:    "wait until the disk has each part and each file; set it to false for scratch only: a power cut may then lose or damage files that were reported as done",
			Default: "true", Example: "false",
		},
	}
}

func read(c connectors.Connector, l connectors.Location) (s settings, err error) {
	r := optionReader{c.Reader(l, l.URL)}
	s.create, s.xattrs, s.durable = r.Flag("create"), r.Flag("xattrs"), r.Flag("durable")
	s.fileMode, s.dirMode = r.mode("fileMode"), r.mode("dirMode")
	s.sparse = sparse(r.OneOf("sparse", string(sparseAuto), string(sparseYes), string(sparseNo)))
	if s.marker = r.Text("marker"); s.marker != "" {
		if _, err := promise.CleanPath(s.marker); err != nil {
			r.Refuse("marker", "is no path below the root", "name a file by its path from the root")
		}
		s.create = false
	}
	return s, r.Err()
}

// optionReader reads a location's options, with those that only disks have.
type optionReader struct{ *connectors.OptionReader }

// mode reads octal permissions with the bits for set-user, set-group and sticky.
func (r optionReader) mode(option string) fs.FileMode {
	text := r.Text(option)
	if text == "" {
		return 0
	}
	bits, err := strconv.ParseUint(text, 8, 12)
	if err != nil || bits == 0 {
		r.Refuse(option, "is no octal mode", "write it like 0640")
	}
	return modeOf(uint32(bits))
}

func modeOf(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	for bit, flag := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if bits&bit != 0 {
			mode |= flag
		}
	}
	return mode
}
