// Package cli is the command line of thymus: it parses flags, calls one App method and
// prints (floor 6). Every command that prints takes --json.
//
// Exit codes: 0 all went well; 1 the program or the machine failed; 2 the user's input
// is wrong, and nothing was written; 3 the run ended, but some patients could not be
// simulated; 130 interrupted.
package cli
