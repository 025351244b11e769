// Command peers measures Gantry beside the programs that people use for the same
// work, on the same servers and the same machine, and prints tables:
//
//	go run ./test/peers                      # everything that is installed
//	go run ./test/peers -only 'null.*up'     # scenarios whose names match
//	go run ./test/peers -clients 'bare'      # Gantry, and those clients that match
//	GANTRY_BENCH_MIB=4096 GANTRY_BENCH_RUNS=5 go run ./test/peers -json figures.json
//
// The clients of a scenario take turns, once each in every round, so that what
// else the machine does hits them alike. Ratios are of the same round. CPU time
// and memory are those of the client's process and its children, not of servers; what
// vsftpd, OpenSSH and versitygw spend meanwhile has a column of its own (Linux).
// Nobody's own settings are read.
//
// Gantry proves every file before it becomes visible, the others do not: its
// figures have that in them. "bare" is this program itself, with nothing but
// net/http: it shows what there is to be had.
//
// GANTRY_BENCH_MIB sets the size of the large file (512), GANTRY_BENCH_SMALL the
// number of files of 64 KiB (10000), GANTRY_BENCH_TINY of 4 KiB (20000),
// GANTRY_BENCH_FEW of those over SFTP and FTP, of 16 KiB (5000), GANTRY_BENCH_RUNS
// the rounds (3), GANTRY_BENCH_DIR where the files are (/dev/shm, else a temporary
// folder). A peer that is not installed, or does not manage a scenario, is left out
// and named.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"

	"gantry/connectors/servers/nulls3"
)

func main() {
	if nulls3.ServeIfAsked() {
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "bare" {
		if err := bare(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	only := flag.String("only", "", "scenarios whose names match this regular expression")
	clients := flag.String("clients", "", "clients whose names match this regular expression, beside gantry")
	list := flag.Bool("list", false, "name the scenarios and measure nothing")
	file := flag.String("json", "", "write the figures to this file, too")
	gantry := flag.String("gantry", "", "measure this program; by default it is built")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only, *clients, *file, *gantry, *list); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only, clients, file, gantry string, list bool) (err error) {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	takePart, err := regexp.Compile(clients)
	if err != nil {
		return err
	}
	w, err := newWorld(ctx, gantry, list)
	if err != nil {
		return err
	}
	w.takePart = takePart
	defer w.close()
	report := newReport(w)
	if !list {
		fmt.Print(report.head())
	}
	for _, s := range scenarios() {
		if !match.MatchString(s.name) {
			continue
		}
		if list {
			fmt.Println(s.name)
			continue
		}
		outcome, err := w.contest(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		report.Outcomes = append(report.Outcomes, outcome)
		fmt.Print(outcome.table())
	}
	if file == "" || list {
		return nil
	}
	data, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}
