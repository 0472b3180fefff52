# SPDX-License-Identifier: GPL-2.0
# Draws what tests/bench/picture wrote down:
#
#   gnuplot -e "data='docs/bench.tsv'; picture='bench.svg'" tests/bench/picture.gnuplot
#
# Middle tones on no background, for pages that are light and for pages that are dark.

set terminal svg size 720,440 dynamic font 'sans-serif,12'
set output picture
set datafile separator "\t"
set encoding utf8

TEXT = '#7c848d'
LEAST = 0.7

colour(kind) = kind eq 'ktftp' ? 0x2f81f7 : kind eq 'floor' ? 0x2da44e : 0x8a929a
stats data using 3 nooutput
rows = STATS_records
# Rows come from above, each with three bars, for A, B and C.
place(row, bar) = rows - row - 0.22 - 0.28 * (bar - 1)
letter(bar) = bar == 1 ? 'A' : bar == 2 ? 'B' : 'C'
shown(value) = sprintf(value < 10 ? '%.1f' : '%.0f', value)

set logscale x
set xrange [LEAST : 3000]
set yrange [0 : rows]
set lmargin 28
set rmargin 2
set border 1 linecolor rgb TEXT
set xtics nomirror scale 0.5 ('1 s' 1, '10 s' 10, '100 s' 100, '1000 s' 1000) textcolor rgb TEXT
set ytics scale 0 textcolor rgb TEXT offset -1, 0
set grid xtics linetype 1 linecolor rgb TEXT linewidth 0.3
set tmargin 2.4
set label 'Seconds to send 6.3 MB.  A: 5 ms round trip, 1 % errors.  B: 10 ms, 1 %.  C: 5 ms, 2 %.' at screen 0.02, 0.96 left \
	textcolor rgb TEXT
set style fill solid noborder
unset key

plot for [bar = 1:3] data using (LEAST):(place($0, bar)):(LEAST):(column(bar + 2)): \
		(place($0, bar) - 0.12):(place($0, bar) + 0.12):(colour(strcol(1))) \
		with boxxyerror linecolor rgb variable, \
	for [bar = 1:3] data using (column(bar + 2)):(place($0, bar)):(shown(column(bar + 2))) \
		with labels left offset 0.4, 0 font ',10' textcolor rgb TEXT, \
	for [bar = 1:3] data using (LEAST):(place($0, bar)):(letter(bar)) \
		with labels right offset -0.4, 0 font ',9' textcolor rgb TEXT, \
	data using (LEAST):(place($0, 2)):ytic(2) with dots linecolor rgb TEXT
