' compile: library
' A library in Visual Basic: a class and an interface that LanguagesTogether.cs extends and implements, and the algorithm that all languages share.
Imports System
Imports System.Collections.Generic

Public Interface INamed
    ReadOnly Property Name As String
    Event Renamed(from As String)
End Interface

Public MustInherit Class Shape
    Implements INamed
    Private _name As String
    Protected Sub New(name As String)
        _name = name
    End Sub
    Public Event Renamed(from As String) Implements INamed.Renamed
    Public ReadOnly Property Name As String Implements INamed.Name
        Get
            Return _name
        End Get
    End Property
    Public Sub Rename(name As String)
        Dim old = _name
        _name = name
        RaiseEvent Renamed(old)
    End Sub
    Public Overridable Function Area() As Double
        Return 0
    End Function
    Public MustOverride Function Sides() As Integer
    Public Overridable Function Describe(Optional prefix As String = "a ") As String
        Return prefix & Name & " of " & Sides() & " sides"
    End Function
End Class

Public Class ShapeException
    Inherits Exception
    Implements INamed
    Public Sub New(text As String)
        MyBase.New(text)
    End Sub
    Public Event Renamed(from As String) Implements INamed.Renamed
    Public Overridable ReadOnly Property Name As String Implements INamed.Name
        Get
            Return "shape exception"
        End Get
    End Property
End Class

Public Module VisualBasicPrimes
    Public Function Primes(limit As Integer) As String
        Dim out(limit) As Boolean
        Dim count = 0, sum = 0L, last = 0
        For i = 2 To limit
            If out(i) Then Continue For
            count += 1
            sum += i
            last = i
            For k = 2 * i To limit Step i
                out(k) = True
            Next
        Next
        Return count & " " & sum & " " & last
    End Function
    Public Function Caught(work As Action) As String
        Try
            work()
        Catch e As ShapeException When e.Message.Length > 3
            Return "Visual Basic caught " & e.Name & ": " & e.Message
        End Try
        Return "nothing"
    End Function
End Module
