package catalog

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// maxStatements bounds what a connection keeps. River and the catalogue have far
// fewer that take parameters.
const maxStatements = 300

// A keeper opens connections to SQLite that keep their prepared statements. River
// hands the same long texts over for each job, and SQLite takes longer to parse
// one than to carry it out.
type keeper struct{ driver.Connector }

// Connect opens a connection.
func (k keeper) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := c.(fullConn)
	if !ok {
		return nil, fmt.Errorf("the driver's connection is a %T", c)
	}
	return &keptConn{fullConn: full, by: map[string]*kept{}}, nil
}

// fullConn is what SQLite's connections can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// fullStmt is what SQLite's statements can do.
type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type keptConn struct {
	fullConn
	by map[string]*kept
}

type kept struct {
	fullStmt
	busy bool // rows of it are being read
}

// take gives a prepared statement to use now, or nil where none should be kept: a
// text without parameters has its values inside, and does not come again.
func (c *keptConn) take(ctx context.Context, query string, args []driver.NamedValue) *kept {
	if len(args) == 0 {
		return nil
	}
	if s, ok := c.by[query]; ok {
		if s.busy {
			return nil
		}
		return s
	}
	if len(c.by) >= maxStatements {
		return nil
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil // the same comes of it when it is executed
	}
	full, ok := prepared.(fullStmt)
	if !ok {
		return nil
	}
	s := &kept{fullStmt: full}
	c.by[query] = s
	return s
}

// ExecContext executes a statement.
func (c *keptConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if s := c.take(ctx, query, args); s != nil {
		return s.ExecContext(ctx, args)
	}
	return c.fullConn.ExecContext(ctx, query, args)
}

// QueryContext executes a statement that gives rows.
func (c *keptConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s := c.take(ctx, query, args)
	if s == nil {
		return c.fullConn.QueryContext(ctx, query, args)
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &keptRows{Rows: rows, of: s}, nil
}

// Close closes the statements, then the connection.
func (c *keptConn) Close() error {
	for query, s := range c.by {
		_ = s.Close() // the connection's own Close tells what is wrong
		delete(c.by, query)
	}
	return c.fullConn.Close()
}

type keptRows struct {
	driver.Rows
	of *kept
}

// Close ends the reading, after which the statement may be used again.
func (r *keptRows) Close() error {
	r.of.busy = false
	return r.Rows.Close()
}
