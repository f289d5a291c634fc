package sbml

import "thymus/model"

func (m *modelReader) speciesFlux(n *node, s *model.Species) {}

func (m *modelReader) reactionFlux(n *node, r *model.Reaction) {}

func (m *modelReader) fluxBalance() {}
