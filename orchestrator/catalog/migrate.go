package catalog

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the catalogue's tables and River's up to date. One that was made
// by a newer release is refused.
func migrate[TTx any](ctx context.Context, dialect goose.Dialect, db *sql.DB, driver riverdriver.Driver[TTx]) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	own, err := goose.NewProvider(dialect, db, files, goose.WithSlog(quiet))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	have, want, err := own.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the database's version: %w", translate(err))
	}
	if have > want {
		return fmt.Errorf("the database is of version %d, this program knows %d: use the newer program", have, want)
	}
	if _, err := own.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", translate(err))
	}
	jobs, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return fmt.Errorf("read River's migrations: %w", err)
	}
	if _, err := jobs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate River: %w", translate(err))
	}
	return nil
}
