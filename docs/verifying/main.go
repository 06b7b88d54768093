// Checks a jitgate audit log with nothing but Go's own transparency log packages.
//
//	verifying checkpoint VKEY CHECKPOINT          checks the signature; prints the number of records and the root
//	verifying log VKEY CHECKPOINT FILE...         checks that CHECKPOINT signs the records in these files
//	verifying record VKEY PROOF LINE              checks that the record in the file LINE is in the log
//	verifying extends VKEY OLD NEW PROOF          checks that NEW begins with all records of OLD
//	verifying status VKEY NOTE                    checks a status note and its checkpoint; prints the line of JSON
//	verifying growth VKEY PROOF                   checks that a log only grew from one size to the next; prints them
//
// PROOF of `record` is a https://c2sp.org/tlog-proof, and PROOF of `extends` has one base64 hash per line. NOTE and PROOF
// of the last two are those of docs/PROTOCOL.fleet.
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	defer func() {
		if failure := recover(); failure != nil {
			fmt.Fprintln(os.Stderr, "NOT VERIFIED:", failure)
			os.Exit(1)
		}
	}()
	verb, key, files := os.Args[1], os.Args[2], os.Args[3:]
	switch verb {
	case "checkpoint":
		tree := open(key, read(files[0]))
		fmt.Println(tree.N, tree.Hash)
	case "log":
		checkLog(open(key, read(files[0])), files[1:])
	case "record":
		checkRecord(key, read(files[0]), bytes.TrimSuffix(read(files[1]), []byte("\n")))
	case "extends":
		old, tree := open(key, read(files[0])), open(key, read(files[1]))
		must(tlog.CheckTree(hashes(lines(read(files[2]))), tree.N, tree.Hash, old.N, old.Hash))
		fmt.Println("verified:", tree.N, "records begin with the", old.N)
	case "status":
		checkStatus(key, read(files[0]))
	case "growth":
		checkGrowth(key, read(files[0]))
	default:
		panic("no such verb: " + verb)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func read(name string) []byte {
	data, err := os.ReadFile(name)
	must(err)
	return data
}

func lines(data []byte) []string {
	return strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
}

func hashes(lines []string) []tlog.Hash {
	var all []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		must(err)
		all = append(all, hash)
	}
	return all
}

// text verifies the signature of a note, and returns its text and the name of the key.
func text(key string, data []byte) (string, string) {
	verifier, err := note.NewVerifier(key)
	must(err)
	signed, err := note.Open(data, note.VerifierList(verifier))
	must(err)
	return signed.Text, verifier.Name()
}

// open verifies the signature of a checkpoint: origin, size and root, a line each.
func open(key string, data []byte) tlog.Tree {
	signed, name := text(key, data)
	text := strings.Split(signed, "\n")
	if text[0] != name {
		panic("it is of another log: " + text[0])
	}
	size, err := strconv.ParseInt(text[1], 10, 64)
	must(err)
	root, err := base64.StdEncoding.DecodeString(text[2])
	must(err)
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree
}

// stored keeps every hash of the tree in memory.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		found = append(found, s[index])
	}
	return found, nil
}

func checkLog(tree tlog.Tree, files []string) {
	var all stored
	var count int64
	for _, file := range files {
		for _, line := range bytes.Split(bytes.TrimSuffix(read(file), []byte("\n")), []byte("\n")) {
			if count == tree.N {
				break
			}
			more, err := tlog.StoredHashes(count, line, all)
			must(err)
			all = append(all, more...)
			count++
		}
	}
	root, err := tlog.TreeHash(count, all)
	must(err)
	if count != tree.N || root != tree.Hash {
		panic(fmt.Sprint("these ", count, " records have the root ", root, ", not ", tree.Hash))
	}
	fmt.Println("verified:", count, "records")
}

func checkRecord(key string, proof, line []byte) {
	head, checkpoint, _ := bytes.Cut(proof, []byte("\n\n"))
	tree := open(key, checkpoint)
	text := lines(head)
	if text[0] != "c2sp.org/tlog-proof@v1" {
		panic("it is not an inclusion proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(text[1], "index "), 10, 64)
	must(err)
	must(tlog.CheckRecord(hashes(text[2:]), tree.N, tree.Hash, index, tlog.RecordHash(line)))
	fmt.Println("verified: record", index, "of", tree.N)
}

func checkStatus(key string, data []byte) {
	signed, name := text(key, data)
	parts := strings.SplitN(signed, "\n", 3)
	if len(parts) != 3 || parts[0] != "jitgate status/1 "+name {
		panic("it is of another host: " + parts[0])
	}
	tree := open(key, []byte(parts[2]))
	fmt.Printf("%s\nverified: %d %v\n", parts[1], tree.N, tree.Hash)
}

// nodes has the complete subtrees of a tree by level and number.
type nodes map[[2]int64]tlog.Hash

func (n nodes) add(level int, number int64, hash tlog.Hash) {
	n[[2]int64{int64(level), number}] = hash
	if left, ok := n[[2]int64{int64(level), number &^ 1}]; ok && number&1 == 1 {
		n.add(level+1, number>>1, tlog.NodeHash(left, hash))
	}
}

func (n nodes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		level, number := tlog.SplitStoredHashIndex(index)
		hash, ok := n[[2]int64{int64(level), number}]
		if !ok {
			return nil, fmt.Errorf("the proof lacks subtree %d of level %d", number, level)
		}
		found = append(found, hash)
	}
	return found, nil
}

// checkGrowth makes RFC 6962 proofs of the subtrees, and has them checked by tlog.CheckTree.
func checkGrowth(key string, data []byte) {
	head, checkpoint, _ := bytes.Cut(data, []byte("\n\n"))
	tree, rows, all := open(key, checkpoint), lines(head), nodes{}
	if _, name := text(key, checkpoint); rows[0] != "jitgate consistency/1 "+name {
		panic("it is of another log: " + rows[0])
	}
	var before tlog.Tree
	for i, row := range rows[1:] {
		words := strings.Split(row, " ")
		size, err := strconv.ParseInt(words[0], 10, 64)
		must(err)
		if size <= before.N && i > 0 || size < 0 || size > 1<<47 {
			panic("the sizes do not grow")
		}
		rest := hashes(words[1:])
		for position := before.N; position < size; {
			level := 0
			for position&(1<<level) == 0 && position+2<<level <= size {
				level++
			}
			all.add(level, position>>level, rest[0])
			position, rest = position+1<<level, rest[1:]
		}
		if len(rest) > 0 {
			panic("too many hashes")
		}
		root, err := tlog.TreeHash(size, all)
		must(err)
		if before.N > 0 {
			proof, err := tlog.ProveTree(size, before.N, all)
			must(err)
			must(tlog.CheckTree(proof, size, root, before.N, before.Hash))
		}
		before = tlog.Tree{N: size, Hash: root}
		fmt.Println(size, root)
	}
	if before != tree {
		panic("it does not add up to the checkpoint")
	}
	fmt.Println("verified:", len(rows)-1, "sizes")
}
