package flow

import "fmt"

// restore gives the tree of the state back its links, on a copy. Where the tree does not fit the
// definition, it takes back all that was waited for and gives the error.
func (x *exec) restore() *Error {
	if x.st.Root == nil {
		return nil
	}
	root := x.st.Root.clone(nil)
	root.task = x.def.root
	if err := root.link(0); err != nil {
		root.walk(func(f *frame) {
			for _, p := range f.Pending {
				x.drop(p)
			}
		})
		return newError(TypeConfiguration, "%s: the run was begun with another document", err).at("/do")
	}
	x.root = root
	return nil
}

// link finds the task of each frame.
func (f *frame) link(depth int) error {
	c, isComposite := f.task.body.(composite)
	if isComposite && !c.fits(f) {
		return fmt.Errorf("task %s is of another kind", f.task.ref)
	}
	if len(f.Children) == 0 {
		return nil
	}
	var l *list
	if isComposite && depth < maxDocumentDepth {
		l = c.scope(f)
	}
	for _, child := range f.Children {
		if l == nil || child.Index < 0 || child.Index >= len(l.tasks) || l.tasks[child.Index].name != child.Name {
			return fmt.Errorf("there is no task %q in %s", child.Name, f.task.ref)
		}
		child.task = l.tasks[child.Index]
		if err := child.link(depth + 1); err != nil {
			return err
		}
	}
	return nil
}
