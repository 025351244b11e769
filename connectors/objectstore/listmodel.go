package objectstore

import (
	"slices"
)

// A model is what was learned of how keys are made: which characters stand at
// each position. With it, keys count like numbers, each position with a radix of
// its own, and what never changes does not count.
type model struct{ alphabets [][]rune }

const (
	maxPositions = 256
	maxLetters   = 128
)

// learn takes in some keys of a page.
func (m *model) learn(objects []Object) {
	for i := 0; i < len(objects); i += 7 {
		m.add(objects[i].Key)
	}
	if len(objects) > 0 {
		m.add(objects[len(objects)-1].Key)
	}
}

func (m *model) add(key string) {
	at := 0
	for _, r := range key {
		if at == maxPositions {
			return
		}
		if at == len(m.alphabets) {
			m.alphabets = append(m.alphabets, nil)
		}
		letters := m.alphabets[at]
		if i, found := slices.BinarySearch(letters, r); !found && len(letters) < maxLetters {
			if '0' <= r && r <= '9' {
				m.alphabets[at] = withDigits(letters, min(r+1, '9')) // the next will come
			} else {
				m.alphabets[at] = slices.Insert(letters, i, r)
			}
		}
		at++
	}
}

func withDigits(letters []rune, last rune) []rune {
	for digit := '0'; digit <= last; digit++ {
		letters = append(letters, digit)
	}
	slices.Sort(letters)
	return slices.Compact(letters)
}

// ahead gives the key that lies so many pages beyond a key, less an eighth of
// one, where first and last are the ends of a page. ok is false where there is none as far as
// we know.
func (m *model) ahead(key, first, last string, pages int) (string, bool) {
	f, l := []rune(first), []rune(last)
	length := min(common(f, l)+3, len(f), len(l), len(m.alphabets))
	if common(f, l) >= length {
		return "", false
	}
	step := m.scale(m.width(f, l, length), 8*pages-1, 8)
	sum, carry := m.digits([]rune(key), length), 0
	point := make([]rune, length)
	for i := length - 1; i >= 0; i-- {
		letters := m.alphabets[i]
		n := sum[i] + step[i] + carry
		carry = n / len(letters)
		point[i] = letters[n%len(letters)]
	}
	return string(point), carry == 0
}

// digits gives the ranks of a key's characters.
func (m *model) digits(key []rune, length int) []int {
	ranks := make([]int, length)
	for i := range min(length, len(key)) {
		rank, _ := slices.BinarySearch(m.alphabets[i], key[i])
		ranks[i] = min(rank, len(m.alphabets[i])-1)
	}
	return ranks
}

// width is last less first.
func (m *model) width(first, last []rune, length int) []int {
	low, high := m.digits(first, length), m.digits(last, length)
	borrow := 0
	for i := length - 1; i >= 0; i-- {
		high[i] -= low[i] + borrow
		if borrow = 0; high[i] < 0 {
			high[i] += len(m.alphabets[i])
			borrow = 1
		}
	}
	return high
}

// scale multiplies a number by times/by. What does not fit stays in the first
// position.
func (m *model) scale(digits []int, times, by int) []int {
	rest := 0
	for i := range digits {
		n := digits[i]*times + rest*len(m.alphabets[i])
		digits[i], rest = n/by, n%by
	}
	for i := len(digits) - 1; i > 0; i-- {
		digits[i-1] += digits[i] / len(m.alphabets[i])
		digits[i] %= len(m.alphabets[i])
	}
	return digits
}

// common counts the characters that both begin with.
func common(a, b []rune) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
