package journal

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
	"iter"
	"time"
)

// A record is what a page says of a job. It is written as its length, a checksum of the
// rest, its kind, its time, the length of the job's ID, the ID and the value.
type record struct {
	kind  recordKind
	at    time.Time
	job   string
	value []byte // of what is begun the job and its upload, of what is finished its receipt; JSON
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

// readRecord reads the next one. ok is false at the end, and where it is damaged.
func readRecord(from io.Reader) (r *record, ok bool) {
	var head [recordHead]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, false
	}
	size, name := binary.LittleEndian.Uint32(head[:]), int(binary.LittleEndian.Uint16(head[17:]))
	if size < recordHead || size > recordHead+2*MaxValue || int(size) < recordHead+name {
		return nil, false
	}
	rest := make([]byte, size-recordHead)
	if _, err := io.ReadFull(from, rest); err != nil {
		return nil, false
	}
	sum := crc32.Update(crc32.Checksum(head[8:], castagnoli), castagnoli, rest)
	kind := recordKind(head[8])
	if sum != binary.LittleEndian.Uint32(head[4:]) || kind < begun || kind > forgotten {
		return nil, false
	}
	at := time.Unix(0, int64(binary.LittleEndian.Uint64(head[9:]))).UTC()
	return &record{kind: kind, at: at, job: string(rest[:name]), value: rest[name:]}, true
}

// records yields those of a page, in their order, with their places. All of the file is
// read if it is not known yet how long the page is.
func (p *page) records(all bool) iter.Seq2[*record, int64] {
	return func(yield func(*record, int64) bool) {
		if p.file == nil {
			return
		}
		until := p.size
		if all {
			until = 1 << 62
		}
		from := bufio.NewReaderSize(io.NewSectionReader(p.file, 0, until), 1<<16)
		for at := int64(0); ; {
			r, ok := readRecord(from)
			if !ok || !yield(r, at) {
				return
			}
			at += r.size()
		}
	}
}
