package objectstore

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// pages are written as stores write them.
var pages = map[string]string{
	"amazon": `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>media</Name><Prefix>day/</Prefix><NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken><KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><Contents><Key>day/a%2Bb+c.mxf</Key><LastModified>2024-02-29T12:00:00.000Z</LastModified><ETag>&quot;70ee1738b6b21e2c8a43f3a5ab0eee71&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>434234</Size><StorageClass>STANDARD</StorageClass></Contents><Contents><Key>day/b.mxf</Key><LastModified>2024-02-29T12:00:01.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>0</Size><Owner><ID>x</ID><DisplayName>Key</DisplayName></Owner><StorageClass>GLACIER</StorageClass><RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress></RestoreStatus></Contents></ListBucketResult>`,
	"indented": `<?xml version="1.0"?>
<ListBucketResult>
  <IsTruncated>false</IsTruncated>
  <Contents>
    <Key>a&amp;b&lt;c&gt;.mxf</Key>
    <LastModified>2024-02-29T12:00:00Z</LastModified>
    <ETag>"e"</ETag>
    <Size>1</Size>
  </Contents>
  <CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes>
</ListBucketResult>
`,
	"numeric entity": `<ListBucketResult><Contents><Key>a&#38;b</Key><LastModified>2024-02-29T12:00:00Z</LastModified><ETag>&#34;e&#34;</ETag><Size>1</Size></Contents></ListBucketResult>`,
	"prefixed":       `<s3:ListBucketResult xmlns:s3="x"><s3:Contents><s3:Key>a</s3:Key><s3:LastModified>2024-02-29T12:00:00Z</s3:LastModified><s3:Size>1</s3:Size></s3:Contents></s3:ListBucketResult>`,
	"cdata":          `<ListBucketResult><Contents><Key><![CDATA[a<b]]></Key><LastModified>2024-02-29T12:00:00Z</LastModified><Size>1</Size></Contents></ListBucketResult>`,
	"attributes":     `<ListBucketResult><Contents n="1"><Key>a</Key><LastModified>2024-02-29T12:00:00Z</LastModified><Size>1</Size></Contents></ListBucketResult>`,
	"empty":          `<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>`,
}

func TestPagesAreReadAsTheyAreWritten(t *testing.T) {
	at := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	for name, want := range map[string][]Object{
		"amazon": {
			{Key: "day/a+b c.mxf", Size: 434234, ETag: "70ee1738b6b21e2c8a43f3a5ab0eee71", ModTime: at},
			{Key: "day/b.mxf", ETag: "e", ModTime: at.Add(time.Second)},
		},
		"indented":       {{Key: "a&b<c>.mxf", Size: 1, ETag: "e", ModTime: at}},
		"numeric entity": {{Key: "a&b", Size: 1, ETag: "e", ModTime: at}},
		"prefixed":       {{Key: "a", Size: 1, ModTime: at}},
		"cdata":          {{Key: "a<b", Size: 1, ModTime: at}},
		"attributes":     {{Key: "a", Size: 1, ModTime: at}},
		"empty":          nil,
	} {
		page, err := readPage([]byte(pages[name]))
		if err == nil {
			err = page.unescape("")
		}
		if err != nil || !slices.EqualFunc(page.objects, want, sameObject) {
			t.Errorf("%s: %+v, %v", name, page.objects, err)
		}
		if page.more != (name == "amazon") || (page.token != "") != page.more {
			t.Errorf("%s: more %v, token %q", name, page.more, page.token)
		}
	}
}

func TestPagesThatAreWrong(t *testing.T) {
	good := pages["amazon"]
	for what, text := range map[string]string{
		"cut in an entry":     good[:600],
		"cut behind an entry": good[:strings.Index(good, "</Contents>")+11],
		"cut at the end":      good[:len(good)-5],
		"another document":    "<html></html>",
		"nothing":             "",
		"a size of words":     strings.Replace(good, "434234", "many", 1),
		"a time of words":     strings.Replace(good, "2024-02-29T12:00:00.000Z", "today", 1),
	} {
		if page, err := readPage([]byte(text)); err == nil {
			t.Errorf("%s is read as %+v", what, page)
		}
	}
}

// FuzzPages proves that the scanner reads what package xml reads, or leaves it to
// that.
func FuzzPages(f *testing.F) {
	for _, text := range pages {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		slow, err := decodePage(bytes.Clone(data))
		fast, failed := readPage(data)
		if err != nil || failed != nil {
			return
		}
		if fast.more != slow.more || fast.token != slow.token || fast.escaped != slow.escaped || !slices.EqualFunc(fast.objects, slow.objects, sameObject) {
			t.Errorf("read as %+v; want %+v", fast, slow)
		}
	})
}

func sameObject(a, b Object) bool {
	return a.Key == b.Key && a.Size == b.Size && a.ETag == b.ETag && a.ModTime.Equal(b.ModTime)
}

func BenchmarkPage(b *testing.B) {
	var text strings.Builder
	text.WriteString(`<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>`)
	for i := range pageSize {
		fmt.Fprintf(&text, `<Contents><Key>events/2026-01-01/clip%04d/frame.dpx</Key><LastModified>2024-02-29T12:00:00.000Z</LastModified><ETag>&quot;70ee1738b6b21e2c8a43f3a5ab0eee71&quot;</ETag><Size>434234</Size><StorageClass>STANDARD</StorageClass></Contents>`, i)
	}
	text.WriteString(`</ListBucketResult>`)
	data := []byte(text.String())
	for name, read := range map[string]func([]byte) (listPage, error){"scanned": readPage, "decoded": decodePage} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if page, err := read(data); err != nil || len(page.objects) != pageSize {
					b.Fatal(len(page.objects), err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/pageSize, "ns/key")
		})
	}
}
