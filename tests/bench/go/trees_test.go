// SPDX-License-Identifier: MIT

package bench

import (
	"os"
	"sync"
	"testing"
)

const (
	treesWorkers  = 4
	treesMinDepth = 4
	treesDepth    = 19
)

type tree struct{ left, right *tree }

func newTree(depth int) *tree {
	t := new(tree)
	if depth > 0 {
		t.left = newTree(depth - 1)
		t.right = newTree(depth - 1)
	}
	return t
}

func (t *tree) count() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

func workTrees() (nodes int) {
	for depth := treesMinDepth; depth < treesDepth; depth += 2 {
		n := (1 << (treesDepth - depth + treesMinDepth)) / treesWorkers
		for i := 0; i < n; i++ {
			nodes += newTree(depth).count()
		}
	}
	return
}

func runForest(b *testing.B) {
	var workers sync.WaitGroup

	if newTree(treesDepth+1).count() != 4<<treesDepth-1 {
		b.Error("the first tree has lost nodes")
	}
	lasting := newTree(treesDepth)
	for i := 0; i < treesWorkers; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			workTrees()
		}()
	}
	workers.Wait()
	if lasting.count() != 2<<treesDepth-1 {
		b.Error("the lasting tree has lost nodes")
	}
}

func BenchmarkBinaryTrees(b *testing.B) {
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	for i := 0; i < b.N; i++ {
		runForest(b)
	}
	status, _ := os.ReadFile("/proc/self/status")
	b.ReportMetric(float64(statusBytes(string(status), "\nVmHWM:")), "peak-B")
}
