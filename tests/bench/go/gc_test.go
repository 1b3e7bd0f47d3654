// SPDX-License-Identifier: MIT

package bench

import (
	"math"
	"runtime"
	"sync"
	"testing"
	"time"
)

const (
	liveDepth      = 23
	trialDepth     = 10
	treeDepth      = 16
	mutators       = 2
	gcMessages     = 200000
	gcMessageBytes = 1024
	parked         = 100000
)

type gcNode struct {
	left, right *gcNode
	i, j        int32
}

func treeBottomUp(depth int) *gcNode {
	if depth == 0 {
		return &gcNode{}
	}
	left := treeBottomUp(depth - 1)
	return &gcNode{left: left, right: treeBottomUp(depth - 1)}
}

func growTopDown(n *gcNode, depth int) {
	if depth == 0 {
		return
	}
	n.left = &gcNode{}
	n.right = &gcNode{}
	growTopDown(n.left, depth-1)
	growTopDown(n.right, depth-1)
}

func cycles() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}

func longestPauseMs(first uint32) float64 {
	var m runtime.MemStats
	var longest uint64
	runtime.ReadMemStats(&m)
	if m.NumGC > 256 && first < m.NumGC-256 {
		first = m.NumGC - 256
	}
	for n := first; n < m.NumGC; n++ {
		longest = max(longest, m.PauseNs[n%256])
	}
	return float64(longest) / 1e6
}

var live *gcNode

func benchTrees(b *testing.B, depth int) {
	if b.N == 1 {
		depth = trialDepth
	}
	live = &gcNode{}
	growTopDown(live, depth)
	before := cycles()
	var done sync.WaitGroup
	done.Add(mutators)
	b.ResetTimer()
	for i := 0; i < mutators; i++ {
		go func() {
			for i := 0; i < b.N; i++ {
				top := &gcNode{}
				growTopDown(top, treeDepth-1)
				runtime.KeepAlive(top)
				runtime.KeepAlive(treeBottomUp(treeDepth - 1))
			}
			done.Done()
		}()
	}
	done.Wait()
	b.StopTimer()
	b.ReportMetric(longestPauseMs(before), "max-pause-ms")
	b.ReportMetric(float64(cycles()-before), "cycles")
	live = nil
}

func BenchmarkGCTree(b *testing.B)      { benchTrees(b, liveDepth) }
func BenchmarkGCTreeLarge(b *testing.B) { benchTrees(b, liveDepth+2) }

func BenchmarkGCFullMark(b *testing.B) {
	top := &gcNode{}
	growTopDown(top, 20)
	runtime.GC()
	least := time.Duration(math.MaxInt64)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		start := time.Now()
		runtime.GC()
		least = min(least, time.Since(start))
	}
	b.StopTimer()
	b.ReportMetric(float64(least.Nanoseconds())/float64(1<<21), "ns/object")
	runtime.KeepAlive(top)
}

func BenchmarkGCParked(b *testing.B) {
	closed := make(chan byte)
	var done sync.WaitGroup
	for i := 0; i < parked; i++ {
		done.Add(1)
		go func() {
			<-closed
			done.Done()
		}()
	}
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	before := cycles()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		runtime.GC()
	}
	b.StopTimer()
	b.ReportMetric(longestPauseMs(before), "max-pause-ms")
	close(closed)
	done.Wait()
}

func BenchmarkGCRingBuffer(b *testing.B) {
	ring := make([][]byte, gcMessages)
	var worst time.Duration
	for i := 0; i < b.N; i++ {
		start := time.Now()
		message := make([]byte, gcMessageBytes)
		for k := range message {
			message[k] = byte(i)
		}
		ring[i%gcMessages] = message
		worst = max(worst, time.Since(start))
	}
	b.StopTimer()
	b.ReportMetric(float64(worst.Nanoseconds())/1e6, "worst-push-ms")
	runtime.KeepAlive(ring)
}
