package local

// vector is an array of pointers, sparse, that is changed by copying the little that differs: whoever holds an earlier
// one goes on seeing what that had. The zero vector has nil everywhere.
type vector[T any] struct {
	root   *node[T]
	height int // levels of nodes
}

const (
	vectorBits  = 6
	vectorWidth = 1 << vectorBits
)

// node has either nodes or, in the lowest level, values below it.
type node[T any] struct {
	owner  *owner
	nodes  [](*node[T])
	values []*T
}

// owner marks the nodes that came to be in one go: nobody else has seen them, so they may be changed in place.
type owner struct{ _ byte }

// get returns the value at i, nil where there is none.
func (v *vector[T]) get(i uint32) *T {
	if leaf := v.leaf(i); leaf != nil {
		return leaf[i%vectorWidth]
	}
	return nil
}

// leaf returns the values around i, vectorWidth of them; nil where all are.
func (v *vector[T]) leaf(i uint32) []*T {
	if v.height == 0 || uint64(i)>>(vectorBits*v.height) != 0 {
		return nil
	}
	n := v.root
	for level := v.height - 1; level > 0 && n != nil; level-- {
		n = n.nodes[i>>(vectorBits*level)%vectorWidth]
	}
	if n == nil {
		return nil
	}
	return n.values
}

// set puts a value at i. What it changes in place is o's alone.
func (v *vector[T]) set(i uint32, value *T, o *owner) {
	for v.height == 0 || uint64(i)>>(vectorBits*v.height) != 0 {
		old := v.root
		v.root = newNode[T](o, v.height > 0)
		if old != nil {
			v.root.nodes[0] = old
		}
		v.height++
	}
	at := &v.root
	for level := v.height - 1; ; level-- {
		n := *at
		switch {
		case n == nil:
			n = newNode[T](o, level > 0)
		case n.owner != o:
			n = n.clone(o)
		}
		*at = n
		if level == 0 {
			n.values[i%vectorWidth] = value
			return
		}
		at = &n.nodes[i>>(vectorBits*level)%vectorWidth]
	}
}

// each shows all values from i on, in order.
func (v *vector[T]) each(from uint32, look func(i uint32, value *T)) {
	var walk func(n *node[T], level int, first uint64)
	walk = func(n *node[T], level int, first uint64) {
		if n == nil || first+1<<(vectorBits*(level+1)) <= uint64(from) {
			return
		}
		for k, below := range n.nodes {
			walk(below, level-1, first+uint64(k)<<(vectorBits*level))
		}
		for k, value := range n.values {
			if i := first + uint64(k); value != nil && i >= uint64(from) {
				look(uint32(i), value)
			}
		}
	}
	walk(v.root, v.height-1, 0)
}

func newNode[T any](o *owner, branch bool) *node[T] {
	if branch {
		return &node[T]{owner: o, nodes: make([]*node[T], vectorWidth)}
	}
	return &node[T]{owner: o, values: make([]*T, vectorWidth)}
}

func (n *node[T]) clone(o *owner) *node[T] {
	c := newNode[T](o, n.nodes != nil)
	copy(c.nodes, n.nodes)
	copy(c.values, n.values)
	return c
}
