package sbml

func (m *modelReader) uncertainties(n *node, id string) {}
