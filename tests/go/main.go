// Command verify checks proofs of a Recourse log with Go's own transparency-log packages, and nothing of Recourse.
//
// Usage: verify KEYS < PROOFS, or verify -dossier FILE.zip KEYS
//
// KEYS holds public keys, one a line, as `recourse audit keys` names them. PROOFS is a stream of JSON objects: what
// `recourse audit proof -o` writes, or {"old_note", "new_note", "proof"} for the consistency of two checkpoints. For
// each object a line of JSON is written: {"holds", "why"}. The exit code is 0 if all hold, 1 if one does not, 2 if the
// input cannot be read.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type claim struct {
	Origin     string   `json:"origin"`
	Position   int64    `json:"position"`
	HeaderHash []byte   `json:"header_hash"`
	BodyHash   []byte   `json:"body_hash"`
	Proof      [][]byte `json:"proof"`
	Note       string   `json:"note"`
	OldNote    string   `json:"old_note"`
	NewNote    string   `json:"new_note"`
}

type answer struct {
	Holds bool   `json:"holds"`
	Why   string `json:"why"`
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "-dossier" {
		dossier(os.Args[2], os.Args[3])
		return
	}
	if len(os.Args) != 2 {
		fail("usage: verify KEYS < PROOFS, or verify -dossier FILE.zip KEYS")
	}
	keys, err := readKeys(os.Args[1])
	if err != nil {
		fail(err.Error())
	}
	out := bufio.NewWriter(os.Stdout)
	input, output := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(out)
	all := true
	for {
		var one claim
		if err := input.Decode(&one); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			fail(err.Error())
		}
		said := answer{Holds: true}
		if err := check(one, keys); err != nil {
			said, all = answer{Why: err.Error()}, false
		}
		if err := output.Encode(said); err != nil {
			fail(err.Error())
		}
	}
	if err := out.Flush(); err != nil {
		fail(err.Error())
	}
	if !all {
		os.Exit(1)
	}
}

func dossier(path, keyFile string) {
	keys, err := readKeys(keyFile)
	if err != nil {
		fail(err.Error())
	}
	count, wrong, err := checkDossier(path, keys)
	if err != nil {
		fail(err.Error())
	}
	for _, line := range wrong {
		fmt.Println(line)
	}
	fmt.Printf("%d of %d events are in the logs as signed.\n", count-len(wrong), count)
	if len(wrong) > 0 {
		os.Exit(1)
	}
}

func check(one claim, keys note.Verifiers) error {
	proof, err := hashes(one.Proof)
	if err != nil {
		return err
	}
	if one.OldNote != "" {
		before, old, err := open(one.OldNote, keys)
		if err != nil {
			return err
		}
		after, new, err := open(one.NewNote, keys)
		if err != nil {
			return err
		}
		if before != after {
			return fmt.Errorf("checkpoints of two logs: %s and %s", before, after)
		}
		return tlog.CheckTree(proof, new.N, new.Hash, old.N, old.Hash)
	}
	origin, tree, err := open(one.Note, keys)
	if err != nil {
		return err
	}
	if origin != one.Origin {
		return fmt.Errorf("the checkpoint is of %s, not of %s", origin, one.Origin)
	}
	if one.Position < 1 || one.Position > tree.N {
		return fmt.Errorf("position %d is not under a checkpoint of %d events", one.Position, tree.N)
	}
	leaf := tlog.RecordHash(append(append([]byte{}, one.HeaderHash...), one.BodyHash...))
	return tlog.CheckRecord(proof, tree.N, tree.Hash, one.Position-1, leaf)
}

// open verifies a note and reads it as a checkpoint. The key's name has to be the origin without its last part.
func open(text string, keys note.Verifiers) (string, tlog.Tree, error) {
	signed, err := note.Open([]byte(text), keys)
	if err != nil {
		return "", tlog.Tree{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 {
		return "", tlog.Tree{}, errors.New("the note is no checkpoint")
	}
	origin := lines[0]
	cut := strings.LastIndexByte(origin, '/')
	if cut < 0 || signed.Sigs[0].Name != origin[:cut] {
		return "", tlog.Tree{}, fmt.Errorf("%s does not sign for %s", signed.Sigs[0].Name, origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return "", tlog.Tree{}, fmt.Errorf("%q is no size", lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return "", tlog.Tree{}, fmt.Errorf("%q is no root", lines[2])
	}
	return origin, tlog.Tree{N: size, Hash: tlog.Hash(root)}, nil
}

func hashes(raw [][]byte) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, 0, len(raw))
	for _, one := range raw {
		if len(one) != tlog.HashSize {
			return nil, errors.New("a hash of the proof has not 32 bytes")
		}
		found = append(found, tlog.Hash(one))
	}
	return found, nil
}

func readKeys(path string) (note.Verifiers, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []note.Verifier
	for _, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := note.NewVerifier(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		list = append(list, key)
	}
	return note.VerifierList(list...), nil
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "verify:", why)
	os.Exit(2)
}
