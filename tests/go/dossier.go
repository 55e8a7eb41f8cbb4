package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/note"
)

// event is a line of a dossier's evidence/events.jsonl. Header and body are the exact texts that were recorded.
type event struct {
	Log        string   `json:"log"`
	LogPart    int      `json:"log_part"`
	Position   int64    `json:"position"`
	Header     string   `json:"header"`
	Body       string   `json:"body"`
	Proof      [][]byte `json:"proof"`
	Checkpoint string   `json:"checkpoint"`
}

// checkDossier proves every event of a dossier under the checkpoints in it, signed by these keys. It gives how many
// events there are, and what is wrong with those that do not hold.
func checkDossier(path string, keys note.Verifiers) (int, []string, error) {
	packed, err := zip.OpenReader(path)
	if err != nil {
		return 0, nil, err
	}
	defer packed.Close()
	lines, err := read(&packed.Reader, "evidence/events.jsonl")
	if err != nil {
		return 0, nil, err
	}
	count, wrong := 0, []string{}
	scan := bufio.NewScanner(bytes.NewReader(lines))
	scan.Buffer(nil, 1<<28)
	for scan.Scan() {
		count++
		if err := checkEvent(&packed.Reader, scan.Bytes(), keys); err != nil {
			wrong = append(wrong, fmt.Sprintf("line %d: %v", count, err))
		}
	}
	if count == 0 {
		return 0, nil, errors.New("the dossier holds no event")
	}
	return count, wrong, scan.Err()
}

func checkEvent(packed *zip.Reader, line []byte, keys note.Verifiers) error {
	var one event
	if err := json.Unmarshal(line, &one); err != nil {
		return err
	}
	signed, err := read(packed, one.Checkpoint)
	if err != nil {
		return err
	}
	header, body := sha256.Sum256([]byte(one.Header)), sha256.Sum256([]byte(one.Body))
	return check(claim{
		Origin:     fmt.Sprintf("recourse/%s/%d", one.Log, one.LogPart),
		Position:   one.Position,
		HeaderHash: header[:],
		BodyHash:   body[:],
		Proof:      one.Proof,
		Note:       string(signed),
	}, keys)
}

func read(packed *zip.Reader, name string) ([]byte, error) {
	file, err := packed.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}
