package ftp

import (
	"io"

	"gantry/connectors"
)

// rewriteHead writes the first part of a staged file again and leaves those behind it.
// A transfer from the beginning on would cut the file off, and REST 0 is none: so the
// part is sent but for its first byte, which has to be the same. Of a media file whose
// header is mended it is.
func (p *place) rewriteHead(s *session, staged string, r *counting) error {
	var ours, theirs [1]byte
	if _, err := io.ReadFull(r, ours[:]); err != nil {
		return err
	}
	body, err := s.retrieve(staged, 0)
	if err != nil {
		return err
	}
	_, err = io.ReadFull(body, theirs[:])
	s.cutShort(body)
	switch {
	case err != nil:
		return err
	case !s.usable(), ours != theirs:
		return connectors.Errorf(connectors.KindNotFound, "write part of", staged, "the first byte of the file is another one, and FTP cannot write it again; begin again")
	}
	err = transferred(s.lib.StorFrom(s.abs(staged), r, 1))
	if codeOf(err) != 0 && r.n == 1 {
		return connectors.Errorf(connectors.KindNotFound, "write part of", staged, "the server lets no part be written again (%w); begin again", translated(err))
	}
	return err
}
