package journal

import "gantry/connectors"

// AcceptWith is Accept, and keeps with it, in the same step, a value (JSON, small)
// that says how far the job has come. The latest one is the Record's Mark.
func (j *Journal) AcceptWith(job string, u Upload, p connectors.Part, mark any) error {
	if err := j.lengthen(job); err != nil {
		return err
	}
	w := &write{}
	if err := w.put(partKey(job, u.Target, p.Number), accepted{p, u.mark()}); err != nil {
		return err
	}
	if mark != nil {
		if err := w.put(key(marks, job), mark); err != nil {
			return err
		}
	}
	return j.writer.submit(w)()
}
