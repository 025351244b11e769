package flow

// retry compiles a retry policy, or the one of that name.
func (p *parser) retry(n *node, vars []string) *retryPolicy {
	if n.kind == scalarNode {
		if n = p.named(n, p.use.retries, "retry policy"); n == nil {
			return nil
		}
	}
	f := p.object(n, "when", "exceptWhen", "delay", "backoff", "limit", "jitter")
	if f == nil {
		return nil
	}
	r := &retryPolicy{}
	if v := f.get("when"); v != nil {
		r.when = p.expression(v, vars)
	}
	if v := f.get("exceptWhen"); v != nil {
		r.exceptWhen = p.expression(v, vars)
	}
	if v := f.get("delay"); v != nil {
		r.delay = p.duration(v, vars)
	}
	if v := f.get("backoff"); v != nil {
		r.backoff = p.backoff(v)
	}
	if v := f.get("limit"); v != nil {
		p.retryLimit(r, v, vars)
	}
	if v := f.get("jitter"); v != nil {
		if j := p.object(v, "from", "to"); j != nil {
			if from := j.need("from"); from != nil {
				r.jitterFrom = p.duration(from, vars)
			}
			if to := j.need("to"); to != nil {
				r.jitterTo = p.duration(to, vars)
			}
		}
	}
	return r
}

func (p *parser) backoff(n *node) backoff {
	f := p.object(n, "constant", "linear", "exponential")
	if f == nil {
		return backoffConstant
	}
	if len(n.items) != 1 {
		p.problem(n, "a backoff is one of constant, linear and exponential", "such as exponential: {}")
	}
	chosen := backoffConstant
	for i, name := range []string{"constant", "linear", "exponential"} {
		if v := f.get(name); v != nil {
			p.object(v)
			chosen = backoff(i)
		}
	}
	return chosen
}

func (p *parser) retryLimit(r *retryPolicy, n *node, vars []string) {
	f := p.object(n, "attempt", "duration")
	if f == nil {
		return
	}
	if v := f.get("duration"); v != nil {
		r.within = p.duration(v, vars)
	}
	v := f.get("attempt")
	if v == nil {
		return
	}
	a := p.object(v, "count", "duration")
	if a == nil {
		return
	}
	if c := a.get("count"); c != nil {
		count := p.integer(c)
		if count < 0 {
			p.problem(c, "must not be negative", "")
		}
		r.count = &count
	}
	if d := a.get("duration"); d != nil {
		r.attemptLimit = p.duration(d, vars)
	}
}
