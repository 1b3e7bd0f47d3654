// SPDX-License-Identifier: MIT

// The twins of the benchmarks in C: the same names, the same number of the same operations.
package bench

import (
	"runtime"
	"sync"
	"testing"
)

func BenchmarkYield(b *testing.B) {
	for i := 0; i < b.N; i++ {
		runtime.Gosched()
	}
}

func BenchmarkYieldMany(b *testing.B) {
	const yielders = 100
	var tasks sync.WaitGroup

	for i := 0; i < yielders; i++ {
		tasks.Add(1)
		go func() {
			defer tasks.Done()
			for i := 0; i < b.N/yielders; i++ {
				runtime.Gosched()
			}
		}()
	}
	tasks.Wait()
}

type chain struct {
	left int
	done chan struct{}
}

func spawnNext(c *chain) {
	if c.left > 0 {
		c.left--
		go spawnNext(c)
	} else {
		c.done <- struct{}{}
	}
}

func BenchmarkSpawnChain(b *testing.B) {
	c := &chain{b.N, make(chan struct{})}

	go spawnNext(c)
	<-c.done
}

func BenchmarkSpawnWait(b *testing.B) {
	const batch = 1000

	for left := b.N; left > 0; left -= batch {
		var tasks sync.WaitGroup

		for i := 0; i < batch && i < left; i++ {
			tasks.Add(1)
			go func() {
				tasks.Done()
			}()
		}
		tasks.Wait()
	}
}

func skynet(parent chan int64, number, leaves int64) {
	if leaves == 1 {
		parent <- number
		return
	}
	children := make(chan int64, 10)
	for i := int64(0); i < 10; i++ {
		go skynet(children, number+i*(leaves/10), leaves/10)
	}
	sum := int64(0)
	for i := 0; i < 10; i++ {
		sum += <-children
	}
	parent <- sum
}

func BenchmarkSkynet(b *testing.B) {
	const leaves = 1000000

	for i := 0; i < b.N; i++ {
		root := make(chan int64, 1)
		go skynet(root, 0, leaves)
		if sum := <-root; sum != leaves*(leaves-1)/2 {
			b.Fatalf("the sum is %d", sum)
		}
	}
}
