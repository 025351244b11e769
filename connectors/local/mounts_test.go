package local

import (
	"slices"
	"testing"
)

func TestJudgeRoot(t *testing.T) {
	system := mount{device: "8:1", point: "/", kind: "ext4"}
	media := mount{device: "8:2", point: "/media", kind: "xfs"}
	card := mount{device: "8:17", point: "/media/card", kind: "vfat"}
	other := mount{device: "8:33", point: "/media/card", kind: "vfat"}
	share := mount{device: "0:50", point: "/media/card", kind: "nfs4"}
	shareAgain := mount{device: "0:51", point: "/media/card", kind: "nfs4"}
	for name, test := range map[string]struct {
		was, now []mount
		want     verdict
	}{
		"the same":                       {[]mount{system, card}, []mount{system, card}, rootSame},
		"a card is put in":               {[]mount{system}, []mount{system, card}, rootAppeared},
		"a card is taken out":            {[]mount{system, card}, []mount{system}, rootLost},
		"another card":                   {[]mount{system, card}, []mount{system, other}, rootExchanged},
		"a volume in between is gone":    {[]mount{system, media, card}, []mount{system, card}, rootExchanged},
		"a share is mounted again":       {[]mount{system, share}, []mount{system, shareAgain}, rootSame},
		"a card over a card":             {[]mount{system, card}, []mount{system, card, other}, rootAppeared},
		"and away again":                 {[]mount{system, card, other}, []mount{system, card}, rootLost},
		"nothing is known, or ever was":  {nil, nil, rootSame},
		"another kind on the same point": {[]mount{system, share}, []mount{system, card}, rootExchanged},
	} {
		if got := judge(test.was, test.now); got != test.want {
			t.Errorf("%s: %v; want %v", name, got, test.want)
		}
	}
}

func TestVolumesBelow(t *testing.T) {
	list := []mount{
		{device: "8:1", point: "/", kind: "ext4"},
		{device: "8:2", point: "/srv", kind: "xfs"},
		{device: "8:3", point: "/srv/a b", kind: "ext4"},
		{device: "0:9", point: "/srv/auto", kind: "autofs"},
		{device: "0:10", point: "/srv/auto", kind: "nfs4"},
		{device: "8:4", point: "/srv2", kind: "ext4"},
	}
	inside := below(list, "/srv")
	if len(inside) != 2 || inside["/srv/a b"].auto || !inside["/srv/auto"].auto {
		t.Errorf("below = %+v", inside)
	}
	gone, come := compare(inside, below(list[:2], "/srv"))
	if !slices.Equal(gone, []string{"/srv/a b"}) || len(come) > 0 {
		t.Errorf("without both: %q, %q; a share that the kernel mounts by itself is not missed", gone, come)
	}
	gone, come = compare(nil, inside)
	if len(gone) > 0 || !slices.Equal(come, []string{"/srv/a b"}) {
		t.Errorf("with both: %q, %q", gone, come)
	}
}
