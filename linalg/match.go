package linalg

// Match pairs rows with columns so that as many rows as possible have a column in which
// they hold an entry (a maximum matching in the bipartite graph of the pattern, found by
// augmenting paths: I. S. Duff, On algorithms for obtaining a maximum transversal, ACM
// TOMS 7, 315-330, 1981). rows[i] lists the columns of row i, those first that it should
// rather have. rowOf[j] is the row paired with column j and colOf[i] the column paired
// with row i, -1 where there is none.
func Match(rows [][]int32, columns int) (colOf, rowOf []int32) {
	colOf, rowOf = make([]int32, len(rows)), make([]int32, columns)
	for j := range rowOf {
		rowOf[j] = -1
	}
	for i, list := range rows { // most rows find a free column at once
		colOf[i] = -1
		for _, j := range list {
			if rowOf[j] < 0 {
				colOf[i], rowOf[j] = j, int32(i)
				break
			}
		}
	}
	seen := make([]int32, columns)
	type place struct{ row, at int32 }
	var path []place
	for i := range rows {
		if colOf[i] >= 0 {
			continue
		}
		mark := int32(i) + 1
		path = append(path[:0], place{int32(i), 0})
		for len(path) > 0 {
			p := &path[len(path)-1]
			list := rows[p.row]
			if int(p.at) >= len(list) {
				path = path[:len(path)-1]
				continue
			}
			j := list[p.at]
			p.at++
			if seen[j] == mark {
				continue
			}
			seen[j] = mark
			if rowOf[j] >= 0 {
				path = append(path, place{rowOf[j], 0})
				continue
			}
			for _, q := range path { // each row on the path takes the column it looked at last
				c := rows[q.row][q.at-1]
				colOf[q.row], rowOf[c] = c, q.row
			}
			break
		}
	}
	return colOf, rowOf
}
