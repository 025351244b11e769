package media

// NewProfile gives a profile of that name with what holds where its document says nothing.
func NewProfile(name string) Profile {
	return Profile{Name: name, Kind: KindFile, Video: VideoOut{Scan: scanProgressive}, Audio: AudioOut{SampleRate: 48000, Mix: mixStereo}}
}

// NewRules gives rules of that name with what holds where their document says nothing.
func NewRules(name string) QCRules {
	return QCRules{
		Name:       name,
		Truncation: TruncationRule{Tolerance: 0.2},
		Duration:   DurationRule{Tolerance: 1},
		Black:      BlackRule{Pixel: 0.1, Picture: 0.98},
		Freeze:     FreezeRule{Noise: -60},
		Silence:    SilenceRule{Level: -60},
		Loudness:   LoudnessRule{Target: -23, Tolerance: 1, MaxTruePeak: -1},
	}
}
