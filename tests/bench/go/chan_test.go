// SPDX-License-Identifier: MIT

package bench

import "testing"

func BenchmarkChanRoundTrip(b *testing.B) {
	there, back := make(chan int64), make(chan int64)

	go func() {
		for value := range there {
			back <- value
		}
	}()
	for i := 0; i < b.N; i++ {
		there <- int64(i)
		<-back
	}
	close(there)
}

func produceAndConsume(b *testing.B, capacity int) {
	c := make(chan int64, capacity)

	go func() {
		for i := 0; i < b.N; i++ {
			c <- int64(i)
		}
		close(c)
	}()
	for range c {
	}
}

func BenchmarkChanBuffered10(b *testing.B) {
	produceAndConsume(b, 10)
}

func BenchmarkChanBuffered100(b *testing.B) {
	produceAndConsume(b, 100)
}

func countUp(out chan<- int64, last int64) {
	for i := int64(2); i <= last; i++ {
		out <- i
	}
	close(out)
}

func takeOut(in <-chan int64, out chan<- int64, prime int64) {
	for i := range in {
		if i%prime != 0 {
			out <- i
		}
	}
	close(out)
}

func BenchmarkSieve(b *testing.B) {
	const last = 17389 // the 2000th prime

	for n := 0; n < b.N; n++ {
		numbers := make(chan int64)
		greatest := int64(0)

		go countUp(numbers, last)
		for {
			prime, ok := <-numbers
			if !ok {
				break
			}
			next := make(chan int64)
			go takeOut(numbers, next, prime)
			numbers = next
			greatest = prime
		}
		if greatest != last {
			b.Fatalf("the greatest prime is %d", greatest)
		}
	}
}
