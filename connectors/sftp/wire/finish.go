package wire

import (
	"context"
	"encoding/binary"
	"time"
)

// Finished is what came of Finish: an error for each of its requests.
type Finished struct {
	Sync, Time, Close, Look error
	Attrs                   Attrs // after all
}

// Finish syncs an open file if that is wanted (fsync@openssh.com), gives what is at path
// its times unless t is zero, closes the file and describes what is at path then. All
// requests are sent at once, once those that are under way on the file are answered: it is
// for servers that work on them one after the other, in order, as OpenSSH does. It fails
// only where it was not told what became of them.
func (c *Client) Finish(ctx context.Context, h Handle, path string, sync bool, t time.Time) (Finished, error) {
	return await(ctx, c, func() (f Finished, err error) {
		idle, err := h.close()
		if err != nil {
			return f, err
		}
		select {
		case <-idle:
		case <-c.Done():
			return f, c.Err()
		}
		var packets []byte
		add := func(kind byte, args []byte) <-chan answer {
			packet, came := c.prepare(kind, args)
			packets = append(packets, packet...)
			return came
		}
		var synced, dated <-chan answer
		if sync {
			synced = add(packetExtended, appendString(appendString(nil, "fsync@openssh.com"), h.raw))
		}
		if !t.IsZero() {
			dated = add(packetSetstat, timesOf(path, t))
		}
		closed, looked := add(packetClose, appendString(nil, h.raw)), add(packetLstat, appendString(nil, path))
		if c.out.send(packets) != nil {
			return f, c.Err()
		}
		if sync {
			_, f.Sync = c.conclude(synced, packetStatus)
		}
		if !t.IsZero() {
			_, f.Time = c.conclude(dated, packetStatus)
		}
		_, f.Close = c.conclude(closed, packetStatus)
		r, looking := c.conclude(looked, packetAttrs)
		if f.Look = looking; looking == nil {
			f.Attrs = r.attrs()
			if r.bad {
				return f, c.broken("attributes that cannot be")
			}
		}
		return f, c.Err()
	}, nil)
}

// timesOf asks for both times, in seconds.
func timesOf(path string, t time.Time) []byte {
	args := binary.BigEndian.AppendUint32(appendString(nil, path), hasTimes)
	args = binary.BigEndian.AppendUint32(args, uint32(t.Unix()))
	return binary.BigEndian.AppendUint32(args, uint32(t.Unix()))
}
