package table

import (
	"io"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
)

// groupRows is how many rows of Parquet stand together; their columns are held in memory while they are written.
const groupRows = 50_000

// parquetWriter writes rows of flat columns, each of which may be empty.
type parquetWriter struct {
	w       *parquet.GenericWriter[any]
	columns []Column
	row     parquet.Row
}

func newParquetWriter(out io.Writer, columns []Column) *parquetWriter {
	all := ordered{Group: parquet.Group{}}
	for _, c := range columns {
		node := parquet.String()
		switch c.Type {
		case Number:
			node = parquet.Leaf(parquet.DoubleType)
		case Integer:
			node = parquet.Int(64)
		case Time:
			node = parquet.Timestamp(parquet.Microsecond)
		case JSON:
			node = parquet.JSON()
		}
		all.Group[c.Name] = parquet.Optional(node)
		all.names = append(all.names, c.Name)
	}
	return &parquetWriter{
		w: parquet.NewGenericWriter[any](out, parquet.NewSchema("table", all),
			parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(groupRows)),
		columns: columns,
	}
}

// ordered is a group whose columns stand as they were given: parquet's are sorted by name.
type ordered struct {
	parquet.Group
	names []string
}

// Fields returns the columns in their order.
func (o ordered) Fields() []parquet.Field {
	fields := o.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(o.names, a.Name()) - slices.Index(o.names, b.Name())
	})
	return fields
}

func (p *parquetWriter) write(values []any) error {
	p.row = p.row[:0]
	for i, v := range values {
		var cell parquet.Value
		there := 1
		switch v := v.(type) {
		case nil:
			there = 0
		case float64:
			cell = parquet.DoubleValue(v)
		case int64:
			cell = parquet.Int64Value(v)
		case time.Time:
			cell = parquet.Int64Value(v.UnixMicro())
		default:
			cell = parquet.ByteArrayValue([]byte(p.columns[i].text(v)))
		}
		p.row = append(p.row, cell.Level(0, there, i))
	}
	_, err := p.w.WriteRows([]parquet.Row{p.row})
	return err
}

func (p *parquetWriter) close() error { return p.w.Close() }
