# Rscript groups.R COUNT SEED OUT: random cases of every test of groups and counts, one JSON object a line (k: what).
# Conditional odds ratios solve R's equations to 1e-15, because fisher.test itself stops at 1e-4 (tt: estimate, limits).
args <- commandArgs(TRUE); N <- as.integer(args[1]); seed <- as.integer(args[2]); set.seed(seed)
con <- file(args[3],"w")
num <- function(x) { o <- ifelse(is.na(x),'null',ifelse(x==Inf,'"Inf"',ifelse(x==-Inf,'"-Inf"',sprintf("%.17g",x)))); o }
js <- function(x) { if(is.list(x)) return(paste0("{",paste(sprintf('"%s":%s',names(x),sapply(x,js)),collapse=","),"}")); if(is.logical(x)) return(tolower(x)); if(is.character(x)) return(if(length(x)==1) paste0('"',x,'"') else paste0("[",paste0('"',x,'"',collapse=","),"]")); if(is.matrix(x)) return(paste0("[",paste(apply(x,1,function(r) paste0("[",paste(num(r),collapse=","),"]")),collapse=","),"]")); if(length(x)==1 && !inherits(x,"AsIs")) return(num(x)); paste0("[",paste(num(unclass(x)),collapse=","),"]") }
emit <- function(...) writeLines(js(list(...)), con)
rvals <- function(n) {
  k <- sample(10,1)
  x <- switch(k, rnorm(n), round(rnorm(n),1), sample(3,n,TRUE)+0, rexp(n), round(rnorm(n)*3), rnorm(n)*10^runif(1,-70,70), 100+rnorm(n), rcauchy(n), rep(2.5,n), sample(c(0,1),n,TRUE)+0)
  x
}
g <- function(e) tryCatch(suppressWarnings(e), error=function(e) NULL)
rn <- function(lo,hi) { r<-runif(1); if(r<.5) sample(lo:min(hi,12),1) else if (r<.95) sample(lo:min(60,hi),1) else sample(lo:hi,1)}
tight <- function(x, lo, m, n, k, alpha) {
  support <- max(0,k-n):min(k,m); logdc <- dhyper(support,m,n,k,log=TRUE)
  dn <- function(t){ d<-logdc+t*support; d<-exp(d-max(d)); d/sum(d)}
  f <- function(h) { L<-5; while(sign(h(-L))==sign(h(L)) && L<600) L<-L*2; exp(uniroot(h,c(-L,L),tol=1e-15,maxiter=10000)$root)}
  est <- if(x==min(support)) 0 else if(x==max(support)) Inf else f(function(t) sum(support*dn(t))-x)
  low <- if(x==min(support)) 0 else f(function(t) log(sum(dn(t)[support>=x]))-log(alpha))
  high <- if(x==max(support)) Inf else f(function(t) log(sum(dn(t)[support<=x]))-log(alpha))
  c(est,low,high)
}
for (i in 1:N) {
  sh <- sample(c(0,0,.5,1,5,30),1)
  a <- rvals(rn(2,50)); b <- rvals(rn(2,50)); if (runif(1)<.6) { s<-rvals(length(a)+length(b)); a<-s[1:length(a)]; b<-s[-(1:length(a))]+sh*ifelse(is.na(sd(s)),1,sd(s)) }
  for (v in c(TRUE,FALSE)) { t <- g(t.test(a,b,var.equal=v)); if(!is.null(t)) emit(k="t",a=a,b=b,pooled=v,t=t$statistic[[1]],df=t$parameter[[1]],p=t$p.value,ci=t$conf.int) }
  n <- min(length(a),length(b)); t <- g(t.test(a[1:n],b[1:n],paired=TRUE)); if(!is.null(t)&&n>1) emit(k="pt",a=a[1:n],b=b[1:n],t=t$statistic[[1]],df=t$parameter[[1]],p=t$p.value,ci=t$conf.int)
  w <- g(wilcox.test(a,b)); wn <- g(wilcox.test(a,b,exact=FALSE,correct=FALSE)); if(!is.null(w)) emit(k="mw",a=a,b=b,w=w$statistic[[1]],p=w$p.value,pn=wn$p.value,m=w$method)
  if (length(a)>=3 && length(a)<=5000) { s <- g(shapiro.test(a)); if(!is.null(s)) emit(k="sw",a=a,w=s$statistic[[1]],p=s$p.value) }
  kk <- sample(2:6,1); y <- rvals(sum(ns <- sapply(1:kk,function(j) rn(2,30)))); gr <- factor(rep(1:kk,ns)); if(runif(1)<.5) y <- y+as.numeric(gr)*sample(c(0,.3,3),1)*sd(y)
  o <- g(oneway.test(y~gr,var.equal=TRUE)); wo <- g(oneway.test(y~gr)); kw <- g(kruskal.test(y,gr))
  emit(k="an",y=y,ns=I(ns),f=o$statistic[[1]],p=o$p.value,wf=wo$statistic[[1]],wdf=wo$parameter[[2]],wp=wo$p.value,h=kw$statistic[[1]],hp=kw$p.value)
  # 2x2
  mx <- sample(c(3,10,50,300,20000),1); m <- matrix(sample(0:mx,4,TRUE),2); if(runif(1)<.3) m <- matrix(c(sample(0:2,1),sample(0:mx,1),sample(0:mx,1),sample(0:2,1)),2)
  if (sum(m)>0) { f <- g(fisher.test(m)); x<-m[1,1]; tt <- if(all(rowSums(m)>0)&&all(colSums(m)>0)) tight(x,0,sum(m[,1]),sum(m[,2]),sum(m[1,]),.025) else NULL
   c0<-g(chisq.test(m,correct=FALSE)); c1<-g(chisq.test(m))
   emit(k="f2",m=m,p=f$p.value,est=f$estimate[[1]],ci=f$conf.int,tt=I(if(is.null(tt)) NaN else tt),x2=c0$statistic[[1]],xp=c0$p.value,y2=c1$statistic[[1]],yp=c1$p.value) }
  r <- sample(2:4,1); cc <- sample(2:6,1); if(r==2&&cc==2) cc<-3
  m <- matrix(rpois(r*cc,sample(c(.5,1,2,3),1)),r); if(runif(1)<.3) m[1,1]<-m[1,1]+sample(5:20,1)
  if (sum(rowSums(m)>0)>1 && sum(colSums(m)>0)>1) { f <- g(fisher.test(m,workspace=2e6)); c0<-g(chisq.test(m)); if(!is.null(f)) emit(k="fr",m=m,p=f$p.value,x2=c0$statistic[[1]],xp=c0$p.value) }
  p <- switch(sample(4,1), runif(rn(1,30)), round(runif(rn(1,30)),1), rbeta(rn(1,30),.1,1), 10^-runif(rn(1,30),0,300)); L<-list(); for (me in c("holm","hochberg","hommel","BH","BY","bonferroni")) L[[me]]<-I(p.adjust(p,me)); emit(k="pa",p=I(p),L=L)
  pr <- c(sample(0:20,1)/20, runif(1), sample(c(0,1),1)); emit(k="q",a=a,pr=pr,q=t(sapply(1:9,function(ty) quantile(a,pr,type=ty,names=FALSE))))
  lo <- sample(c(0,rnorm(1),rnorm(1)*10^runif(1,-300,300),-5,1),1); hi <- sample(c(0,lo,lo+rexp(1),lo+abs(lo)*rexp(1),lo+abs(lo)*10^runif(1,-17,2)),1); nn<-sample(0:20,1); emit(k="pr",lo=lo,hi=hi,n=nn,v=I(pretty(c(lo,hi),nn)))
  kq <- sample(2:8,1); o <- sample(0:40,kq,TRUE); pp<-rexp(kq); pp<-pp/sum(pp); if(sum(o)>0){c0<-g(chisq.test(o,p=pp)); emit(k="gf",o=o,pp=pp,x2=c0$statistic[[1]],p=c0$p.value)}
}
close(con)
