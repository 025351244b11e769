package agent

import (
	"context"
	"path"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/transfer/agent/naming"
	"gantry/transfer/custody"
	"gantry/transfer/manifest/mhl"
)

// history deals with a file of an ASC MHL history in a watched folder. It is no arrival, and no asset is made of it: the history goes along with the files
// that it is about, where the route keeps them together, and what the destination knows already stays. Its chain, which is written last, brings it there.
func (a *arrivals) history(ctx context.Context, w *waiting, id string) error {
	root, to, together := w.route.together(w.file.Path, a.site)
	if !together {
		if path.Base(w.file.Path) == mhl.ChainFile {
			a.log.Info("a history stays where it is: the route's path gives each file a place of its own", "route", w.key.Route, "path", w.file.Path)
		}
		return a.keep.note(w.key, mark{ID: id, Outcome: outcomeArrived})
	}
	if path.Base(w.file.Path) != mhl.ChainFile {
		return a.keep.note(w.key, mark{ID: id, Outcome: outcomeArrived})
	}
	from, back, err := a.places.borrow(ctx, w.route.plan.from)
	if err != nil {
		return err
	}
	defer func() { back(nil) }()
	if _, err := stillThere(ctx, from, w.file); err != nil {
		return err
	}
	there, backTo, err := a.places.borrow(ctx, w.route.plan.to)
	if err != nil {
		return err
	}
	defer func() { backTo(err) }()
	if err = custody.Bring(ctx, from, root, there, to, a.now); err != nil {
		switch custody.FaultOf(err) {
		case custody.NoManifest, custody.Unreadable: // its files are on their way, perhaps
			return connectors.Errorf(connectors.KindUnavailable, "bring history", root, "%w", err)
		case custody.Altered:
			return connectors.Errorf(connectors.KindIntegrity, "bring history", root, "%w", err)
		}
		return err
	}
	a.log.Info("a history went along", "route", w.key.Route, "path", root, "to", to)
	return a.keep.note(w.key, mark{ID: id, Outcome: outcomeArrived})
}

// together gives the folder that a history's file is about, and where the route takes it. ok is false where the route's path does not keep the files of a
// folder together, under their names.
func (r *route) together(file, site string) (root, to string, ok bool) {
	history := path.Dir(file)
	for path.Base(history) != mhl.Folder {
		history = path.Dir(history)
	}
	root = strings.TrimPrefix(path.Dir(history), ".")
	render := func(id, name string, settled time.Time) string {
		p, err := r.destination(naming.FactsOf(id, path.Join(root, name), site, r.plan.name, settled))
		if err != nil {
			return ""
		}
		return "/" + p
	}
	early, late := time.Unix(0, 0), time.Unix(1e9, 0)
	one := render("0123456789abcdef", "clip.mxf", early)
	to, named := strings.CutSuffix(one, "/clip.mxf")
	ok = named && render("fedcba9876543210", "clip.mxf", late) == one && render("0123456789abcdef", "sub/clip.mxf", early) == to+"/sub/clip.mxf"
	return root, strings.TrimPrefix(to, "/"), ok
}
