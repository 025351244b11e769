package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"time"
)

// A record is what a page says of a job. It is written as its length, a checksum of the
// rest, its kind, its time, the length of the job's ID, the ID and the value.
type record struct {
	kind  recordKind
	at    time.Time
	job   string
	value []byte // of what is begun the job and its upload, of what is finished its receipt; JSON
	turn  uint32 // that it was expected with; not written
}

type recordKind byte

const (
	begun     recordKind = 1
	finished  recordKind = 2
	forgotten recordKind = 3
)

const recordHead = 4 + 4 + 1 + 8 + 2

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (r *record) size() int64 { return int64(recordHead + len(r.job) + len(r.value)) }

func (r *record) append(data []byte) []byte {
	start := len(data)
	data = binary.LittleEndian.AppendUint32(data, uint32(r.size()))
	data = append(data, 0, 0, 0, 0, byte(r.kind))
	data = binary.LittleEndian.AppendUint64(data, uint64(r.at.UnixNano()))
	data = binary.LittleEndian.AppendUint16(data, uint16(len(r.job)))
	data = append(append(data, r.job...), r.value...)
	binary.LittleEndian.PutUint32(data[start+4:], crc32.Checksum(data[start+8:], castagnoli))
	return data
}

// errNoRecord says that what is read is no whole record.
var errNoRecord = errors.New("a record is not what was written")

// readRecord reads the next one. The error is io.EOF at the end, errNoRecord where it is
// cut short or damaged, and otherwise that of the reading.
func readRecord(from io.Reader) (*record, error) {
	var head [recordHead]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, cutShort(err)
	}
	size, name := binary.LittleEndian.Uint32(head[:]), int(binary.LittleEndian.Uint16(head[17:]))
	if size < recordHead || size > recordHead+2*MaxValue || int(size) < recordHead+name {
		return nil, errNoRecord
	}
	rest := make([]byte, size-recordHead)
	if _, err := io.ReadFull(from, rest); err == io.EOF {
		return nil, errNoRecord
	} else if err != nil {
		return nil, cutShort(err)
	}
	sum := crc32.Update(crc32.Checksum(head[8:], castagnoli), castagnoli, rest)
	kind := recordKind(head[8])
	if sum != binary.LittleEndian.Uint32(head[4:]) || kind < begun || kind > forgotten {
		return nil, errNoRecord
	}
	at := time.Unix(0, int64(binary.LittleEndian.Uint64(head[9:]))).UTC()
	return &record{kind: kind, at: at, job: string(rest[:name]), value: rest[name:]}, nil
}

func cutShort(err error) error {
	if err == io.ErrUnexpectedEOF {
		return errNoRecord
	}
	return err
}

// records calls use for those among the first bytes of a page, in their order, with their
// places, until it says no. The error is errNoRecord where one is damaged, and otherwise
// that of the reading.
func (p *page) records(first int64, use func(r *record, at int64) bool) error {
	from := bufio.NewReaderSize(io.NewSectionReader(p.file, 0, first), 1<<16)
	for at := int64(0); ; {
		r, err := readRecord(from)
		if err == io.EOF {
			return nil
		}
		if err != nil || !use(r, at) {
			return err
		}
		at += r.size()
	}
}
