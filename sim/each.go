package sim

import (
	"context"
	"sync"
)

// Each calls do for every k in [0, n) on the given number of workers and deliver with
// the results in order of k, one call at a time. At most a few results a worker wait
// for their turn, so memory does not grow with n. The first error of deliver, or the
// context's, ends the work; results already under way are dropped.
func Each[W, T any](ctx context.Context, n, workers int, newWorker func() W, do func(w W, k int) T, deliver func(k int, v T) error) error {
	if workers < 1 {
		workers = 1
	}
	if workers > n {
		workers = n
	}
	if n <= 0 {
		return ctx.Err()
	}
	if workers == 1 {
		w := newWorker()
		for k := 0; k < n; k++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := deliver(k, do(w, k)); err != nil {
				return err
			}
		}
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type slot struct {
		k int
		v T
	}
	ahead := 4 * workers // how far a worker may run ahead of delivery
	tickets := make(chan struct{}, ahead)
	jobs := make(chan int)
	done := make(chan slot, workers)
	go func() {
		defer close(jobs)
		for k := 0; k < n; k++ {
			select {
			case tickets <- struct{}{}:
			case <-ctx.Done():
				return
			}
			select {
			case jobs <- k:
			case <-ctx.Done():
				return
			}
		}
	}()
	var wait sync.WaitGroup
	for i := 0; i < workers; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			w := newWorker()
			for k := range jobs {
				v := do(w, k)
				select {
				case done <- slot{k, v}:
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	go func() { wait.Wait(); close(done) }()
	waiting := make(map[int]T, ahead)
	next := 0
	var failed error
	for s := range done {
		if failed != nil {
			continue
		}
		waiting[s.k] = s.v
		for {
			v, ok := waiting[next]
			if !ok {
				break
			}
			delete(waiting, next)
			if err := deliver(next, v); err != nil {
				failed = err
				cancel()
				break
			}
			next++
			<-tickets
		}
	}
	if failed != nil {
		return failed
	}
	if next < n {
		return ctx.Err()
	}
	return nil
}
