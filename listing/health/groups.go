package health

import "touchstone/index"

// groups gathers photos that equal each other. A group is one photo, its leader, and those that equal it: in chains, whose
// ends need not be alike, a catalogue of much the same articles would become one group. Only what has an equal is kept.
type groups struct {
	brand  string
	leads  map[string]int  // groups, from 0, by their leaders
	member map[string]bool // of a group, leaders as well
	count  int
	listed [][]index.Key
}

func newGroups(brand string) *groups {
	return &groups{brand: brand, leads: map[string]int{}, member: map[string]bool{}}
}

// add takes a photo and those that equal it. Photos are to come in order; not all that equal another know of it.
func (g *groups) add(id string, equals []string) {
	if len(equals) == 0 || g.member[id] {
		return
	}
	g.member[id] = true
	for _, other := range equals {
		if n, ok := g.leads[other]; ok {
			g.list(n, id)
			return
		}
	}
	n := g.count
	g.leads[id] = n
	g.count++
	if n < Listed {
		g.listed = append(g.listed, nil)
	}
	g.list(n, id)
	for _, other := range equals {
		g.member[other] = true
		g.list(n, other)
	}
}

// list adds a photo to a group's list.
func (g *groups) list(n int, id string) {
	if n < Listed && len(g.listed[n]) < GroupListed {
		g.listed[n] = append(g.listed[n], index.Key{Brand: g.brand, ID: id})
	}
}
