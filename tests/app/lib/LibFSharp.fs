// compile: library
// A library in F#: an abstract class, a union with a member, and the algorithm that all languages share.
namespace FSharpSide

[<AbstractClass>]
type Solid(name: string) =
    abstract Volume: float -> float
    default _.Volume(height) = height
    abstract Name: string
    default _.Name = name
    member this.Twice(height) = this.Volume(height) + this.Volume(height)

type Tree =
    | Leaf of int
    | Node of Tree * Tree
    member this.Sum =
        match this with
        | Leaf n -> n
        | Node(a, b) -> a.Sum + b.Sum

module Primes =
    let primes (limit: int) =
        let out = Array.zeroCreate<bool> (limit + 1)
        let mutable count, sum, last = 0, 0L, 0
        for i in 2..limit do
            if not out.[i] then
                count <- count + 1
                sum <- sum + int64 i
                last <- i
                let mutable k = 2 * i
                while k <= limit do
                    out.[k] <- true
                    k <- k + i
        string count + " " + string sum + " " + string last
