// SPDX-License-Identifier: MIT

package bench

import "testing"

func BenchmarkSelectUncontended(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		c0, c1 := make(chan int32, 1), make(chan int32, 1)
		c0 <- 0
		for pb.Next() {
			select {
			case <-c0:
				c1 <- 0
			case <-c1:
				c0 <- 0
			}
		}
	})
}

func BenchmarkSelectContended(b *testing.B) {
	c0, c1, c2 := make(chan int32), make(chan int32), make(chan int32)
	done := make(chan struct{})

	b.RunParallel(func(pb *testing.PB) {
		go func() {
			for {
				select {
				case c0 <- 0:
				case c1 <- 0:
				case c2 <- 0:
				case <-done:
					return
				}
			}
		}()
		for pb.Next() {
			select {
			case <-c0:
			case <-c1:
			case <-c2:
			}
		}
	})
	close(done)
}

func BenchmarkSelectNonblock(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		empty := make(chan int32)
		for pb.Next() {
			select {
			case <-empty:
			default:
			}
		}
	})
}
