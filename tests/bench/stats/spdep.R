# Times of spdep for hotspots.bench.ts. Reads the folder of its inputs, prints "name seconds" lines.
suppressMessages({library(spdep); library(sp)})
folder <- commandArgs(TRUE)[[1]]
median_of <- function(repeats, work) median(sapply(seq_len(repeats), function(i) system.time(work())[[3]]))
say <- function(name, seconds) cat(name, seconds, "\n")

lattice <- function(side) {
  n <- side * side
  row <- (seq_len(n) - 1) %/% side
  column <- (seq_len(n) - 1) %% side
  steps <- expand.grid(column = -1:1, row = -1:1)
  to <- sapply(seq_len(9), function(k) {
    r <- row + steps$row[k]; c <- column + steps$column[k]
    ifelse(r >= 0 & r < side & c >= 0 & c < side, as.integer(r * side + c + 1), NA_integer_)
  })
  across <- t(to)
  there <- !is.na(across)
  nb <- unname(split(across[there], rep(seq_len(n), colSums(there))))
  class(nb) <- "nb"
  attr(nb, "region.id") <- as.character(seq_len(n))
  attr(nb, "self.included") <- TRUE
  weights <- lapply(lengths(nb), function(k) rep(1, k))
  structure(list(style = "B", neighbours = nb, weights = weights), class = c("listw", "nb"), region.id = attr(nb, "region.id"))
}
read_values <- function(name) readBin(file.path(folder, name), "double", 1e7)

x <- read_values("values-10000")
small <- lattice(100)
z <- localG(x, small)
say("localG-10000", median_of(15, function() localG(x, small)))
writeBin(as.numeric(z), file.path(folder, "z-10000"))
say("permutations-10000", median_of(1, function() localG_perm(x, small, nsim = 999)))

side <- 100
points <- read_values("polygons")
each <- as.integer(length(points) / 2 / (side * side))
at <- matrix(points, ncol = 2, byrow = TRUE)
polygons <- SpatialPolygons(lapply(seq_len(side * side), function(i) {
  Polygons(list(Polygon(at[((i - 1) * each + 1):(i * each), ])), as.character(i))
}))
say("polygons-10000", median_of(3, function() {
  localG(x, nb2listw(include.self(poly2nb(polygons)), style = "B"))
}))

x <- read_values("values-1000000")
large <- lattice(1000)
say("localG-1000000", median_of(3, function() localG(x, large)))
