// SPDX-License-Identifier: MIT

package bench

import (
	"runtime"
	"sync/atomic"
	"testing"
)

func countApart(b *testing.B, apart int) {
	const maxTasks = 64
	counters := make([]int64, maxTasks*apart)
	var next atomic.Uint32

	b.RunParallel(func(pb *testing.PB) {
		i := int(next.Add(1)-1) % maxTasks
		own := &counters[i*apart]
		for pb.Next() {
			atomic.AddInt64(own, 1)
		}
	})
}

func BenchmarkCountersShared(b *testing.B) { countApart(b, 1) }
func BenchmarkCountersPadded(b *testing.B) { countApart(b, 16) }

const nstructs = 100000

type padded struct {
	kind   int8
	amount int64
	state  int8
	count  int32
	flag   int8
}

type packed struct {
	amount int64
	count  int32
	kind   int8
	state  int8
	flag   int8
}

func BenchmarkStructsPadded(b *testing.B) {
	all := make([]padded, nstructs)
	sum := int64(0)
	for i := range all {
		all[i].amount = int64(i)
	}
	b.ResetTimer()
	for n := 0; n < b.N; n++ {
		for i := range all {
			sum += all[i].amount + int64(all[i].count) + int64(all[i].kind)
		}
		runtime.KeepAlive(sum)
	}
}

func BenchmarkStructsPacked(b *testing.B) {
	all := make([]packed, nstructs)
	sum := int64(0)
	for i := range all {
		all[i].amount = int64(i)
	}
	b.ResetTimer()
	for n := 0; n < b.N; n++ {
		for i := range all {
			sum += all[i].amount + int64(all[i].count) + int64(all[i].kind)
		}
		runtime.KeepAlive(sum)
	}
}

const nnodes = 1 << 20

type node struct {
	next  *node
	value int64
	rest  [6]int64
}

var nodes []node

func circle() []node {
	if nodes != nil {
		return nodes
	}
	nodes = make([]node, nnodes)
	order := make([]uint32, nnodes)
	random := uint64(1)
	for i := range order {
		order[i] = uint32(i)
	}
	for i := nnodes - 1; i > 0; i-- {
		random = random*6364136223846793005 + 1442695040888963407
		j := int(random>>33) % i
		order[i], order[j] = order[j], order[i]
	}
	for i := range nodes {
		nodes[i].next = &nodes[order[i]]
		nodes[i].value = int64(i)
	}
	return nodes
}

func BenchmarkTraverseSequential(b *testing.B) {
	nodes := circle()
	sum := int64(0)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		sum += nodes[i%nnodes].value
	}
	runtime.KeepAlive(sum)
}

func BenchmarkTraverseChasing(b *testing.B) {
	at := &circle()[0]
	sum := int64(0)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		sum += at.value
		at = at.next
	}
	runtime.KeepAlive(sum)
}

const nobjects = 100

type object struct{ words [4]int64 }

func BenchmarkObjectsBatch(b *testing.B) {
	for n := 0; n < b.N; n++ {
		all := make([]object, nobjects)
		if never {
			sink = all
		}
		for i := range all {
			all[i].words[0] = int64(i)
			runtime.KeepAlive(&all[i])
		}
	}
}

func BenchmarkObjectsSingle(b *testing.B) {
	for n := 0; n < b.N; n++ {
		for i := 0; i < nobjects; i++ {
			one := new(object)
			if never {
				sink = one
			}
			one.words[0] = int64(i)
			runtime.KeepAlive(one)
		}
	}
}
