// SPDX-License-Identifier: MIT

package bench

import (
	"runtime"
	"strings"
	"testing"
)

const npieces = 100
const nnumbers = 1000
const copyBytes = 4096

var piece = "0123456789"

func BenchmarkTextBuilder(b *testing.B) {
	for n := 0; n < b.N; n++ {
		var text strings.Builder
		for i := 0; i < npieces; i++ {
			text.WriteString(piece)
		}
		runtime.KeepAlive(text.String())
	}
}

func BenchmarkTextConcat(b *testing.B) {
	for n := 0; n < b.N; n++ {
		text := ""
		for i := 0; i < npieces; i++ {
			text += piece
		}
		runtime.KeepAlive(text)
	}
}

func BenchmarkTextJoin(b *testing.B) {
	pieces := make([]string, npieces)
	for i := range pieces {
		pieces[i] = piece
	}
	for n := 0; n < b.N; n++ {
		runtime.KeepAlive(strings.Join(pieces, ""))
	}
}

func fill(s []int64) []int64 {
	for i := int64(0); i < nnumbers; i++ {
		s = append(s, i)
	}
	return s
}

func BenchmarkSliceGrown(b *testing.B) {
	for n := 0; n < b.N; n++ {
		runtime.KeepAlive(fill(nil))
	}
}

var numbersWanted = nnumbers // not a constant: such a slice would lie on the stack

func BenchmarkSliceReserved(b *testing.B) {
	for n := 0; n < b.N; n++ {
		runtime.KeepAlive(fill(make([]int64, 0, numbersWanted)))
	}
}

func BenchmarkSliceReused(b *testing.B) {
	var s []int64
	for n := 0; n < b.N; n++ {
		s = fill(s[:0])
		runtime.KeepAlive(s)
	}
}

//go:noinline
func copyByBytes(to, from []byte) {
	for i := range from {
		to[i] = from[i]
	}
}

func BenchmarkCopyLoop(b *testing.B) {
	from, to := make([]byte, copyBytes), make([]byte, copyBytes)
	b.SetBytes(copyBytes)
	for n := 0; n < b.N; n++ {
		copyByBytes(to, from)
		runtime.KeepAlive(to)
	}
}

func BenchmarkCopyMemcpy(b *testing.B) {
	from, to := make([]byte, copyBytes), make([]byte, copyBytes)
	b.SetBytes(copyBytes)
	for n := 0; n < b.N; n++ {
		copy(to, from)
		runtime.KeepAlive(to)
	}
}

var line = "alpha,beta,gamma,delta,epsilon,zeta,eta,theta,iota,kappa"

func BenchmarkFieldsViewed(b *testing.B) {
	for n := 0; n < b.N; n++ {
		rest := line
		for more := true; more; {
			var field string
			field, rest, more = strings.Cut(rest, ",")
			runtime.KeepAlive(field)
		}
	}
}

func BenchmarkFieldsCopied(b *testing.B) {
	for n := 0; n < b.N; n++ {
		rest := line
		for more := true; more; {
			var field string
			field, rest, more = strings.Cut(rest, ",")
			runtime.KeepAlive(strings.Clone(field))
		}
	}
}
