package ledger

import (
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"

	"gantry/transfer/durable"
)

// create makes the file of the lines of the next run of a transfer, in a folder which it
// makes. Its name has the number of the run, which nobody else has then: it is counted
// up until it is free.
func create(dir, transfer string, number int) (f *os.File, id string, err error) {
	for tries := 0; ; {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, "", err
		}
		id = transfer + "." + strconv.Itoa(number)
		f, err = os.OpenFile(filepath.Join(dir, id+linesEnd), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		switch {
		case errors.Is(err, fs.ErrExist):
			number++
		case errors.Is(err, fs.ErrNotExist) && tries < 10: // somebody has dropped the empty folder
			tries++
		default:
			return f, id, err
		}
	}
}

// writeLines fills and closes the file. It is on disk then; on an error it is removed.
func writeLines(f *os.File, lines iter.Seq2[[]byte, error]) error {
	return durable.Fill(f, func(w io.Writer) error {
		for line, err := range lines {
			if err == nil {
				_, err = w.Write(append(line, '\n'))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
