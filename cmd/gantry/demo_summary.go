package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
	"gantry/transfer/digest"
)

// summary shows what became of each asset, and proves it: every copy is read again
// at its place.
func (d *demo) summary(ctx context.Context) error {
	var assets api.Page[catalog.Asset]
	if err := d.client().get(ctx, "/assets", nil, &assets); err != nil {
		return err
	}
	var failures []error
	for _, a := range assets.Items {
		var v api.AssetView
		if err := d.client().get(ctx, "/assets/"+url.PathEscape(a.ID), nil, &v); err != nil {
			return err
		}
		d.say("")
		if err := d.show(ctx, v); err != nil {
			return err
		}
		if a.Status != catalog.AssetPublished {
			failures = append(failures, fmt.Errorf("%s is %s: %s", a.Name, a.Status, a.Reason))
		}
		checked, err := d.prove(ctx, v.Copies)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		d.say("\nRead again at their places: %d copies, all digests agree", checked)
	}
	d.hints(assets.Items)
	return errors.Join(failures...)
}

func (d *demo) show(ctx context.Context, v api.AssetView) error {
	if err := assetTable(d.out, v); err != nil {
		return err
	}
	for _, r := range v.Runs {
		var run api.RunView
		if err := d.client().get(ctx, "/runs/"+url.PathEscape(r.ID), nil, &run); err != nil {
			return err
		}
		d.say("\nSteps of %s", r.ID)
		if err := stepTable(d.out, run); err != nil {
			return err
		}
	}
	a := v.Asset
	if !a.PublishedAt.IsZero() {
		d.say("\nTime-to-publish (registered to last delivery)      %s", short(a.PublishedAt.Sub(a.ArrivedAt)))
		d.say("Ingest-to-live (end of recording to first delivery) %s", short(a.LiveAt.Sub(a.RecordedAt)))
	}
	return nil
}

// prove reads every copy and compares its digest with the catalogue's.
func (d *demo) prove(ctx context.Context, copies []catalog.Copy) (checked int, err error) {
	places := map[string]connectors.Place{}
	defer func() {
		for _, p := range places {
			err = errors.Join(err, p.Close())
		}
	}()
	for _, c := range copies {
		place, ok := places[c.Location]
		if !ok {
			if place, err = all.Open(ctx, d.node.Hub.Resources.Current().Locations[c.Location].Location); err != nil {
				return checked, err
			}
			places[c.Location] = place
		}
		if err := proveOne(ctx, place, c); err != nil {
			return checked, err
		}
		checked++
	}
	return checked, nil
}

func proveOne(ctx context.Context, place connectors.Source, c catalog.Copy) error {
	r, err := place.Open(ctx, c.Path, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	set, err := digest.New(connectors.XXH128)
	if err != nil {
		return err
	}
	n, err := io.Copy(set, r)
	if err != nil {
		return err
	}
	if got := set.Sums()[connectors.XXH128]; n != c.Size || got != c.Digests[connectors.XXH128] {
		return fmt.Errorf("%s:%s is not what was delivered: %d bytes with xxh128 %s, expected %d with %s", c.Location, c.Path, n, got, c.Size, c.Digests[connectors.XXH128])
	}
	return nil
}

// hints tell how to look further.
func (d *demo) hints(assets []catalog.Asset) {
	d.say("\nLook further")
	if d.keep {
		for _, a := range assets {
			d.say("  %s --hub %s asset show %s", os.Args[0], d.node.URL, a.ID)
		}
		d.say("  %s --hub %s get events", os.Args[0], d.node.URL)
		d.say("  sftp -i %s -o UserKnownHostsFile=%s -P %s %s@%s:%s", d.partners.sshd.IdentityFile, d.partners.sshd.KnownHosts,
			port(d.partners.sshd.Addr), d.partners.sshd.User, host(d.partners.sshd.Addr), filepath.Join(d.partners.dir, "nordic-sport"))
		d.say("  AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s aws --endpoint-url %s s3 ls --recursive s3://stream-one/", d.partners.s3.AccessKey, d.partners.s3.SecretKey, d.partners.s3.Endpoint)
		return
	}
	d.say("  find %s -type f", d.dir)
	d.say("  %[1]s up --data %[2]s      # then: %[1]s get assets, %[1]s asset show ID, %[1]s get events", os.Args[0], d.dir)
	d.say("  %s demo --keep       # leaves the partners' servers running too", os.Args[0])
}

func host(address string) string {
	h, _, _ := net.SplitHostPort(address)
	return h
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}
