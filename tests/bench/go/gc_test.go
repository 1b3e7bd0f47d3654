// SPDX-License-Identifier: MIT

package bench

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

const (
	liveDepth    = 23
	treeDepth    = 16
	mutators     = 2
	messages     = 200000
	messageBytes = 1024
)

type node struct {
	left, right *node
	i, j        int32
}

func treeBottomUp(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	left := treeBottomUp(depth - 1)
	return &node{left: left, right: treeBottomUp(depth - 1)}
}

func growTopDown(n *node, depth int) {
	if depth == 0 {
		return
	}
	n.left = &node{}
	n.right = &node{}
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

var live *node

func BenchmarkGCTree(b *testing.B) {
	depth := liveDepth
	if s := os.Getenv("GC_BENCH_DEPTH"); s != "" {
		depth, _ = strconv.Atoi(s)
	}
	live = &node{}
	growTopDown(live, depth)
	before := cycles()
	var done sync.WaitGroup
	done.Add(mutators)
	b.ResetTimer()
	for i := 0; i < mutators; i++ {
		go func() {
			for i := 0; i < b.N; i++ {
				top := &node{}
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

func BenchmarkGCFullMark(b *testing.B) {
	top := &node{}
	growTopDown(top, 20)
	runtime.GC()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		runtime.GC()
	}
	b.StopTimer()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(1<<21), "ns/object")
	runtime.KeepAlive(top)
}

func BenchmarkGCRingBuffer(b *testing.B) {
	ring := make([][]byte, messages)
	var worst time.Duration
	for i := 0; i < b.N; i++ {
		start := time.Now()
		message := make([]byte, messageBytes)
		for k := range message {
			message[k] = byte(i)
		}
		ring[i%messages] = message
		worst = max(worst, time.Since(start))
	}
	b.StopTimer()
	b.ReportMetric(float64(worst.Nanoseconds())/1e6, "worst-push-ms")
	runtime.KeepAlive(ring)
}
