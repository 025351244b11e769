package digest

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"hash"
	"reflect"
	"unsafe"

	"github.com/zeebo/xxh3"

	"gantry/connectors"
)

// State gives what [Restore] makes the same set of, in this process or in another
// one, so that what was written need not be written again.
func (s *Set) State() (map[connectors.Algorithm][]byte, error) {
	states := make(map[connectors.Algorithm][]byte, len(s.hashes))
	for i, h := range s.hashes {
		state, err := stateOf(h)
		if err != nil {
			return nil, fmt.Errorf("keep the state of %s: %w", s.algorithms[i], err)
		}
		states[s.algorithms[i]] = state
	}
	return states, nil
}

// Restore makes a Set that goes on where states were taken, after size bytes.
// KindIntegrity if they are not those of the algorithms.
func Restore(states map[connectors.Algorithm][]byte, size int64, algorithms ...connectors.Algorithm) (*Set, error) {
	s, err := New(algorithms...)
	if err != nil {
		return nil, err
	}
	for i, h := range s.hashes {
		state, ok := states[s.algorithms[i]]
		if !ok {
			return nil, connectors.Errorf(connectors.KindIntegrity, "restore digest", string(s.algorithms[i]), "it has no state")
		}
		if err := setState(h, state); err != nil {
			return nil, connectors.Errorf(connectors.KindIntegrity, "restore digest", string(s.algorithms[i]), "its state: %w", err)
		}
	}
	s.size = size
	return s, nil
}

func stateOf(h hash.Hash) ([]byte, error) {
	if inner := xxh3Of(h); inner != nil {
		return inner.state()
	}
	if m, ok := h.(encoding.BinaryMarshaler); ok {
		return m.MarshalBinary()
	}
	return nil, fmt.Errorf("%T does not tell it", h)
}

func setState(h hash.Hash, state []byte) error {
	if inner := xxh3Of(h); inner != nil {
		return inner.set(state)
	}
	if m, ok := h.(encoding.BinaryUnmarshaler); ok {
		return m.UnmarshalBinary(state)
	}
	return fmt.Errorf("%T does not take it", h)
}

// xxh3State is what is inside of a hasher of XXH3, which does not tell it: the
// fields are found by their names. Another version of the package may have others:
// then there is no state, and files are hashed from their beginning.
type xxh3State struct{ at unsafe.Pointer }

func xxh3Of(h hash.Hash) *xxh3State {
	switch h := h.(type) {
	case wide:
		return &xxh3State{unsafe.Pointer(h.Hasher128)}
	case *xxh3.Hasher:
		return &xxh3State{unsafe.Pointer(h)}
	}
	return nil
}

const xxh3Size = 8*8 + 8 + 8 + 1024 + 64

// xxh3Fields are those of the state: the accumulators, the blocks so far, and the
// bytes that do not fill one yet. Of a key there is none, as nobody sets a seed.
var xxh3Fields, errXXH3 = func() (fields []reflect.StructField, err error) {
	t := reflect.TypeFor[xxh3.Hasher]()
	total := uintptr(0)
	for _, name := range []string{"acc", "blk", "len", "buf"} {
		f, ok := t.FieldByName(name)
		if !ok || f.Type.Kind() == reflect.Pointer {
			return nil, fmt.Errorf("this version of xxh3 has no %s", name)
		}
		total += f.Type.Size()
		fields = append(fields, f)
	}
	outer := reflect.TypeFor[xxh3.Hasher128]()
	if total != xxh3Size || outer.NumField() != 1 || outer.Field(0).Type != t {
		return nil, fmt.Errorf("this version of xxh3 is built in another way")
	}
	return fields, nil
}()

func (x *xxh3State) field(i int) []byte {
	f := xxh3Fields[i]
	return unsafe.Slice((*byte)(unsafe.Add(x.at, f.Offset)), f.Type.Size())
}

func (x *xxh3State) state() (state []byte, err error) {
	for i := range xxh3Fields {
		state = append(state, x.field(i)...)
	}
	return state, errXXH3
}

func (x *xxh3State) set(state []byte) error {
	if errXXH3 != nil {
		return errXXH3
	}
	if len(state) != xxh3Size {
		return fmt.Errorf("it has %d bytes", len(state))
	}
	if length := binary.NativeEndian.Uint64(state[8*8+8:]); length > 1024+64 {
		return fmt.Errorf("%d bytes are left over", length)
	}
	(*xxh3.Hasher)(x.at).Write(nil) // sets the key
	for i := range xxh3Fields {
		state = state[copy(x.field(i), state):]
	}
	return nil
}
