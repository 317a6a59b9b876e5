// F#: discriminated unions, pattern matching, closures, tail calls, computation expressions, sequences, async, units, inline arithmetic.
module FSharpProgram
open System
open System.Collections.Generic

type Shape =
    | Circle of radius: float
    | Rect of w: float * h: float
    | Empty

type Tree<'T> = Leaf | Node of Tree<'T> * 'T * Tree<'T>

[<Struct>]
type Vec = { X: int; Y: int } with static member (+) (a, b) = { X = a.X + b.X; Y = a.Y + b.Y }

[<Measure>] type m
[<Measure>] type s

exception Problem of code: int * text: string

let area = function Circle r -> Math.Round(Math.PI * r * r, 3) | Rect (w, h) -> w * h | Empty -> 0.0

let rec insert v = function
    | Leaf -> Node (Leaf, v, Leaf)
    | Node (l, x, r) when v < x -> Node (insert v l, x, r)
    | Node (l, x, r) -> Node (l, x, insert v r)

let rec walk t = seq { match t with Leaf -> () | Node (l, x, r) -> yield! walk l; yield x; yield! walk r }

let rec isEven n = if n = 0 then true else isOdd (n - 1)
and isOdd n = if n = 0 then false else isEven (n - 1)

let rec sumTo acc n : int64 = if n = 0L then acc else sumTo (acc + n) (n - 1L)
let apply f x = f x
let rec cps n k = if n = 0 then k 0L else cps (n - 1) (fun r -> k (r + int64 n))
let inline add a b = a + b

type Maybe() =
    member _.Bind(x, f) = match x with Some v -> f v | None -> None
    member _.Return x = Some x
let maybe = Maybe()
let safeDiv a b = if b = 0 then None else Some (a / b)

type Counter(start: int) =
    let mutable n = start
    abstract Next: unit -> int
    default _.Next() = n <- n + 1; n
    interface IDisposable with member _.Dispose() = printfn "disposed %d" n

let (|Even|Odd|) n = if n % 2 = 0 then Even else Odd
let (|Prefix|_|) (p: string) (s: string) = if s.StartsWith p then Some (s.Substring p.Length) else None

[<EntryPoint>]
let main argv =
    for s in [ Circle 1.5; Rect (2.0, 3.0); Empty ] do printfn "%A %g" s (area s)
    let t = [ 5; 2; 8; 1; 9; 3 ] |> List.fold (fun t v -> insert v t) Leaf
    printfn "%A" (walk t |> Seq.toList)
    printfn "%b %b" (isEven 1000000) (isOdd 1000001)
    printfn "%d %d" (sumTo 0L 5000000L) (cps 300000 id)
    printfn "%d %s %g" (add 1 2) (add "a" "b") (add 1.5 2.5)
    let none = maybe {
        let! a = safeDiv 10 2
        let! b = safeDiv a 0
        return b }
    let some = maybe {
        let! a = safeDiv 10 2
        return a + 1 }
    printfn "%A %A" none some
    printfn "%A %b" ({ X = 1; Y = 2 } + { X = 3; Y = 4 }) ({ X = 1; Y = 2 } = { X = 1; Y = 2 })
    let speed = 10.0<m> / 4.0<s>
    printfn "%g" (float speed)
    try raise (Problem (7, "text")) with Problem (c, t) -> printfn "%d %s" c t | _ -> printfn "other"
    try (try failwith "inner" finally printfn "finally") with Failure m -> printfn "%s" m
    use c = new Counter(10)
    printfn "%d %d" (c.Next()) (c.Next())
    let o = { new Counter(100) with member _.Next() = base.Next() * 2 }
    printfn "%d" (o.Next())
    printfn "%s" (match 7 with Even -> "even" | Odd -> "odd")
    printfn "%s" (match "foobar" with Prefix "foo" r -> r | _ -> "none")
    let work = async {
        let! a = async { return 20 }
        do! Async.Sleep 1
        return a + 22 }
    printfn "%d" (Async.RunSynchronously work)
    printfn "%d" (([ for i in 1 .. 10 -> task { return i } ] |> List.map (fun t -> t.Result)) |> List.sum)
    let m = Map.ofList [ "a", 1; "b", 2 ] |> Map.add "c" 3
    printfn "%A %d" m (m |> Map.fold (fun a _ v -> a + v) 0)
    printfn "%A" (set [ 3; 1; 2; 3 ], [| 1 .. 5 |] |> Array.map (fun x -> x * x) |> Array.rev, 3, "x", 1.5m, 'c', 5I ** 30)
    let compose = (fun x -> x + 1) >> (fun x -> x * 2) >> string
    printfn "%s %s" (compose 4) (sprintf "%05d|%-6s|%+.2f|%x|%O" 42 "ab" 3.14159 255 (Some 1))
    let memo = Dictionary<int, bigint>()
    let rec fib n = match memo.TryGetValue n with | true, v -> v | _ -> (let v = (if n < 2 then bigint n else fib (n - 1) + fib (n - 2)) in memo.[n] <- v; v)
    printfn "%O" (fib 200)
    printfn "%A" (List.choose (fun x -> if x > 2 then Some (x * 10) else None) [ 1 .. 4 ], Seq.unfold (fun (a, b) -> if a > 50 then None else Some (a, (b, a + b))) (0, 1) |> List.ofSeq)
    printfn "%A" (typeof<Shape>.IsAbstract, compare (Circle 1.0) Empty, hash (1, "a") = hash (1, "a"), [ 1 ] < [ 2 ], nameof area)
    let mutable x = 0
    let lst = ResizeArray [ 1; 2 ]
    for i in 10 .. -3 .. 1 do x <- x + i; lst.Add i
    printfn "%d %d" x lst.Count
    0
