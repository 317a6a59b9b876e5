' Visual Basic: late compilation of On Error, Select Case, optional and ByRef arguments, With, Handles, XML-free LINQ, operators, iterators, filters, static locals.
Imports System
Imports Microsoft.VisualBasic
Imports System.Collections.Generic
Imports System.Linq
Imports System.Threading.Tasks

Module VisualBasicProgram
    Public Class Account
        Private _balance As Decimal
        Public Event Changed(sender As Object, amount As Decimal)
        Public Property Owner As String = "nobody"
        Default Public ReadOnly Property Item(i As Integer) As Char
            Get
                Return Owner(i)
            End Get
        End Property
        Public Sub Add(amount As Decimal)
            _balance += amount
            RaiseEvent Changed(Me, amount)
        End Sub
        Public Overridable Function Text() As String
            Return $"{Owner}: {_balance}"
        End Function
        Public Shared Operator +(a As Account, b As Account) As Account
            Return New Account With {.Owner = a.Owner & b.Owner, ._balance = a._balance + b._balance}
        End Operator
        Public Shared Narrowing Operator CType(a As Account) As Decimal
            Return a._balance
        End Operator
    End Class

    Public NotInheritable Class Savings
        Inherits Account
        Public Overrides Function Text() As String
            Return "savings " & MyBase.Text()
        End Function
    End Class

    Private WithEvents _watched As New Account With {.Owner = "watched"}

    Private Sub OnChanged(sender As Object, amount As Decimal) Handles _watched.Changed
        Console.WriteLine("changed by " & amount.ToString())
    End Sub

    Private Function Counter() As Integer
        Static n As Integer = 10
        n += 1
        Return n
    End Function

    Private Sub Swap(Of T)(ByRef a As T, ByRef b As T)
        Dim t1 = a
        a = b
        b = t1
    End Sub

    Private Function Opt(a As Integer, Optional b As String = "d", Optional c As Double = 1.5) As String
        Return a & b & c
    End Function

    Private Iterator Function Squares(n As Integer) As IEnumerable(Of Integer)
        Try
            For i = 1 To n
                Yield i * i
            Next
        Finally
            Console.WriteLine("iterator done")
        End Try
    End Function

    Private Function Grade(x As Integer) As String
        Select Case x
            Case Is < 0 : Return "negative"
            Case 0, 1, 2 : Return "small"
            Case 3 To 9 : Return "medium"
            Case Else : Return "large"
        End Select
    End Function

    Private Function OldStyle(d As Integer) As String
        On Error GoTo failed
        Dim r = 10 \ d
        Return "ok " & r
failed:
        Return "error " & Err.Number
    End Function

    Private Function Note(s As String) As Boolean
        Console.WriteLine("filter " & s)
        Return s = "second"
    End Function

    Private Async Function Compute() As Task(Of Integer)
        Await Task.Yield()
        Return 42
    End Function

    Function Main(args As String()) As Integer
        Dim a As New Savings With {.Owner = "Ann"}
        AddHandler a.Changed, Sub(s, v) Console.WriteLine("lambda " & v)
        a.Add(12.5D)
        _watched.Add(3D)
        Console.WriteLine(a.Text() & " " & a(1) & " " & CDec(a + _watched))
        Console.WriteLine(Counter() & " " & Counter())
        Dim x = 1, y = 2
        Swap(x, y)
        Console.WriteLine(x & y)
        Dim p = New With {.A = 1, .B = "b"}
        Console.WriteLine(p.ToString() & Opt(1) & Opt(2, c:=2.5))
        For Each i In Squares(5)
            If i = 9 Then Exit For
            Console.Write(i & " ")
        Next
        For Each n In {-1, 1, 5, 50}
            Console.Write(Grade(n) & " ")
        Next
        Console.WriteLine()
        Console.WriteLine(OldStyle(2) & " " & OldStyle(0))
        Try
            Throw New InvalidOperationException("boom")
        Catch e As Exception When Note("first")
            Console.WriteLine("never")
        Catch e As InvalidOperationException When Note("second")
            Console.WriteLine("caught " & e.Message)
        Finally
            Console.WriteLine("finally")
        End Try
        Dim q = From w In {"delta", "alpha", "charlie", "bravo"} Where w.Length = 5 Order By w Select w.ToUpper()
        Console.WriteLine(String.Join(",", q))
        Dim g = From w In {1, 2, 3, 4} Group w By k = w Mod 2 Into s = Sum(w), c = Count() Select k, s, c
        For Each r In g
            Console.WriteLine(r.k & ":" & r.s & ":" & r.c)
        Next
        Console.WriteLine(7 \ 2 & " " & 7 / 2 & " " & 7 Mod -4 & " " & 2 ^ 10 & " " & (5 And 3) & " " & (5 Xor 1) & " " & (1 << 5) & " " & Not 0)
        Console.WriteLine(If(String.IsNullOrEmpty(Nothing), "empty", "full") & " " & If(Nothing, "fallback") & " " & (a Is Nothing) & " " & (TypeOf a Is Account))
        Console.WriteLine(CInt(2.5) & " " & CInt(3.5) & " " & CBool(1) & " " & CStr(#1/2/2020#.Year) & " " & Asc("A"c) & " " & Chr(66) & " " & Mid("hello", 2, 3) & " " & InStr("hello", "l"))
        Try
            Dim o = Integer.MaxValue
            o += 1
        Catch e As OverflowException
            Console.WriteLine("overflow by default")
        End Try
        Dim m(2, 3) As Integer
        m(1, 2) = 5
        ReDim Preserve m(2, 5)
        Console.WriteLine(m(1, 2) & " " & m.Length)
        Dim i2 = 0
        Do Until i2 >= 3
            i2 += 1
            If i2 = 2 Then Continue Do
            With a
                .Owner &= i2
            End With
        Loop
        Console.WriteLine(a.Owner & " " & Compute().Result & " " & ("abc" Like "a?c") & " " & ("a" = "A"))
        SyncLock a
            Using s As New IO.StringWriter()
                s.Write("using")
                Console.WriteLine(s.ToString())
            End Using
        End SyncLock
        Return 0
    End Function
End Module
